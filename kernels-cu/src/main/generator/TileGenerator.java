import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the innermost loops of the CPU kernels as Java: {@code java TileGenerator.java FOLDER}. The build runs it before it compiles; why
 * they are generated is told where the package of the kernels is described.
 */
final class TileGenerator {
    private TileGenerator() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0], "org", "ringwood", "kernels", "cpu");
        Files.createDirectories(folder);
        write(folder.resolve("LaneTiles.java"), LaneTileGenerator.laneTiles());
        write(folder.resolve("LaneWeights.java"), LaneWeightGenerator.laneWeights());
        write(folder.resolve("RowTiles.java"), RowTileGenerator.rowTiles());
    }

    /** Leaves a file alone that has this text already, or every build would compile the whole module anew. */
    private static void write(Path file, String text) throws IOException {
        if (!Files.exists(file) || !Files.readString(file).equals(text)) {
            Files.writeString(file, text);
        }
    }
}
