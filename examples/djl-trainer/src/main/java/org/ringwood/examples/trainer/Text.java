package org.ringwood.examples.trainer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.ringwood.collectives.Digest;

/** What is trained on: documents, as one run of bytes. */
final class Text {
    private static final List<String> ARCHIVES = List.of(".jar", ".zip");
    private static final List<String> TEXTS = List.of(".txt", ".md", ".java", ".html", ".tex");

    private final byte[] bytes;
    /** Where each document ends, in order. */
    private final List<Long> ends;

    private Text(byte[] bytes, List<Long> ends) {
        this.bytes = bytes;
        this.ends = ends;
    }

    /** Reads a file, which is a document; of an archive all texts in it, sorted by name, each a document. */
    static Text read(Path file) throws IOException {
        if (ARCHIVES.stream().noneMatch(file.toString()::endsWith)) {
            byte[] bytes = Files.readAllBytes(file);
            return new Text(bytes, List.of((long) bytes.length));
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        List<Long> ends = new ArrayList<>();
        try (ZipFile archive = new ZipFile(file.toFile())) {
            List<? extends ZipEntry> entries = archive.stream()
                    .filter(entry -> TEXTS.stream().anyMatch(entry.getName()::endsWith))
                    .sorted(Comparator.comparing(ZipEntry::getName))
                    .toList();
            for (ZipEntry entry : entries) {
                try (InputStream in = archive.getInputStream(entry)) {
                    in.transferTo(all);
                }
                ends.add((long) all.size());
            }
        }
        return new Text(all.toByteArray(), ends);
    }

    long length() {
        return bytes.length;
    }

    /** Differs, most likely, from that of another text. */
    long digest() {
        return Digest.of("text", Arrays.hashCode(bytes), ends.hashCode());
    }

    /**
     * What a step trains on, the same on every rank and in every run: sequences that begin where the lot says. The first document of one may lack its
     * beginning, and the last its end.
     *
     * @param step counts from 0
     * @throws IllegalArgumentException if the text is shorter than a sequence
     */
    List<Sequence> sequences(Settings settings, long step) {
        int tokens = settings.tokens();
        if (bytes.length < tokens) {
            throw new IllegalArgumentException("the text has " + bytes.length + " bytes, fewer than the " + tokens
                    + " of a sequence: give a longer text or fewer tokens");
        }
        SplittableRandom random = new SplittableRandom(settings.seed() * 1_000_003 + step);
        return IntStream.range(0, settings.sequences())
                .mapToObj(_ -> sequence(random.nextInt(bytes.length - tokens + 1), tokens))
                .toList();
    }

    private Sequence sequence(int from, int tokens) {
        long[] ids = new long[tokens];
        Arrays.setAll(ids, i -> Byte.toUnsignedLong(bytes[from + i]));
        List<Long> documents = new ArrayList<>(List.of(0L));
        ends.stream()
                .map(end -> end - from)
                .filter(end -> end > 0 && end < tokens)
                .forEach(documents::add);
        documents.add((long) tokens);
        return new Sequence(ids, documents);
    }
}
