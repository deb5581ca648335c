package org.ringwood.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A Markdown file that has a place for measured text between two comments; what stands around them is left alone. */
public final class MarkedFile {
    /** The line before the measured text. */
    public static final String BEGIN = "<!-- measured: begin -->";
    /** The line after it. */
    public static final String END = "<!-- measured: end -->";

    private final Path path;
    private final String before;
    private final String after;

    private MarkedFile(Path path, String before, String after) {
        this.path = path;
        this.before = before;
        this.after = after;
    }

    /**
     * Looks for the place; a file that isn't there will be nothing but the measured text.
     *
     * @throws IllegalArgumentException if the file can't be written to, or has no such place: nobody's text is to be lost
     */
    public static MarkedFile open(Path path) {
        Path folder = path.toAbsolutePath().getParent();
        if (!Files.exists(path) && folder != null && Files.isWritable(folder)) {
            return new MarkedFile(path, BEGIN + "\n", END + "\n");
        }
        if (!Files.isRegularFile(path) || !Files.isWritable(path)) {
            throw new IllegalArgumentException(path + " can't be written to; name another file");
        }
        return open(path, text(path));
    }

    private static MarkedFile open(Path path, String text) {
        int begin = text.indexOf(BEGIN + "\n");
        int end = text.indexOf(END, Math.max(0, begin));
        if (begin < 0 || end < 0) {
            throw new IllegalArgumentException(path + " has no lines '" + BEGIN + "' and '" + END
                    + "' to put the table between; add them, or name a new file");
        }
        return new MarkedFile(path, text.substring(0, begin + BEGIN.length() + 1), text.substring(end));
    }

    private static String text(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new IllegalArgumentException(path + " can't be read as text: " + e, e);
        }
    }

    /** Replaces the measured text. */
    public void write(String measured) throws IOException {
        Files.writeString(path, before + measured + after);
    }
}
