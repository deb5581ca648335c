package org.ringwood.examples.trainer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A CSV file with a line a step. */
final class LossCurve {
    private static final String HEAD = "step,ranks,loss_nats_per_byte,tokens_per_s";

    private final Path file;

    /** Goes on behind the line of a step; what a run wrote after its last checkpoint is forgotten with its steps. */
    LossCurve(Path file, long steps) throws IOException {
        this.file = file;
        List<String> kept = new ArrayList<>(List.of(HEAD));
        if (steps > 0 && Files.exists(file)) {
            Files.readAllLines(file).stream()
                    .skip(1)
                    .filter(line -> Long.parseLong(line.substring(0, line.indexOf(','))) <= steps)
                    .forEach(kept::add);
        }
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, kept);
    }

    void add(long step, int ranks, float loss, double tokensPerSecond) throws IOException {
        String line = String.format(Locale.ROOT, "%d,%d,%.6f,%.1f%n", step, ranks, loss, tokensPerSecond);
        Files.writeString(file, line, StandardOpenOption.APPEND);
    }
}
