package org.ringwood.examples.trainer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The bytes that are trained on. */
final class Text {
    private static final List<String> ARCHIVES = List.of(".jar", ".zip");
    private static final List<String> TEXTS = List.of(".txt", ".md", ".java", ".html", ".tex");

    private final byte[] bytes;

    private Text(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Reads a file; of an archive all texts in it, sorted by name. */
    static Text read(Path file) throws IOException {
        if (ARCHIVES.stream().noneMatch(file.toString()::endsWith)) {
            return new Text(Files.readAllBytes(file));
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (ZipFile archive = new ZipFile(file.toFile())) {
            List<? extends ZipEntry> entries = archive.stream()
                    .filter(entry -> TEXTS.stream().anyMatch(entry.getName()::endsWith))
                    .sorted(Comparator.comparing(ZipEntry::getName))
                    .toList();
            for (ZipEntry entry : entries) {
                try (InputStream in = archive.getInputStream(entry)) {
                    in.transferTo(all);
                }
            }
        }
        return new Text(all.toByteArray());
    }

    long length() {
        return bytes.length;
    }

    /**
     * The piece that a step trains on, the same on every rank and in every run.
     *
     * @return {@code tokens + 1} bytes: each but the first is the label of the one before
     * @throws IllegalArgumentException if the text is shorter
     */
    int[] piece(long seed, long step, int tokens) {
        if (bytes.length <= tokens) {
            throw new IllegalArgumentException("the text has " + bytes.length + " bytes, fewer than the " + (tokens + 1)
                    + " of a step: give a longer text or fewer tokens");
        }
        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + step);
        int from = random.nextInt(bytes.length - tokens);
        int[] piece = new int[tokens + 1];
        for (int i = 0; i < piece.length; i++) {
            piece[i] = Byte.toUnsignedInt(bytes[from + i]);
        }
        return piece;
    }
}
