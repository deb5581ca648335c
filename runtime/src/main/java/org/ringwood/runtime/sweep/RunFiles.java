package org.ringwood.runtime.sweep;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.WholeFile;
import org.ringwood.runtime.report.JsonFormat;

/**
 * The two files of a run, {@code RUN.csv} with what was measured and {@code RUN.json} with where that comes from. No other run writes
 * them, so any number may share a directory. A line is written at once, so a run that is killed leaves whole lines and at most one half.
 *
 * @param <T> what a line holds
 */
public final class RunFiles<T extends Record> implements AutoCloseable {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    private final String run;
    private final CsvFormat<T> format;
    private final Path directory;
    private final Path lines;
    private final FileChannel channel;

    private RunFiles(String run, CsvFormat<T> format, Path directory, Path lines, FileChannel channel) {
        this.run = run;
        this.format = format;
        this.directory = directory;
        this.lines = lines;
        this.channel = channel;
    }

    /** A name for a run that no other has. */
    public static String name(String sweep, Instant started) {
        String random =
                HexFormat.of().toHexDigits((short) ThreadLocalRandom.current().nextInt());
        return sweep + "-" + STAMP.format(started) + "-" + random;
    }

    /**
     * Makes the directory, if it is missing, and an empty table.
     *
     * @throws InputException if they cannot be written
     */
    public static <T extends Record> RunFiles<T> create(Path directory, String run, Class<T> type) {
        Path lines = directory.resolve(run + ".csv");
        try {
            Files.createDirectories(directory);
            FileChannel channel = FileChannel.open(lines, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            RunFiles<T> files = new RunFiles<>(run, CsvFormat.of(type), directory, lines, channel);
            files.append(files.format.header());
            return files;
        } catch (IOException e) {
            throw WholeFile.refusal(lines, e);
        }
    }

    /** Name of the run. */
    public String run() {
        return run;
    }

    /** Writes where the figures come from; again if more is known. */
    public void explain(Provenance provenance) {
        JsonFormat.write(directory.resolve(run + ".json"), provenance);
    }

    /** Writes a line. */
    public void add(T record) {
        try {
            append(format.line(record));
        } catch (IOException e) {
            throw WholeFile.refusal(lines, e);
        }
    }

    private void append(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        // A cluster's file system shows it to others, and a node may be lost.
        channel.force(false);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw WholeFile.refusal(lines, e);
        }
    }

    /** Lines of the files of a directory, for those who only look for files. */
    static List<Path> tables(Path directory) {
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".csv"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new InputException(
                    directory + " cannot be read (" + e.getMessage() + "): name a directory of measurements", e);
        }
    }
}
