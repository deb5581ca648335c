package org.ringwood.examples.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.attention.PartitionRule;

/** Sequences are cut out of documents, whose borders they know. */
class TextTest {
    private static final Map<String, String> DOCUMENTS =
            new TreeMap<>(Map.of("a.txt", "aaaa", "b.md", "", "c.java", "c", "d.txt", "dddddddd", "e.bin", "eeee"));

    @TempDir
    private Path folder;

    private static Settings settings(int tokens) {
        return new Settings(new ModelSize(1, 1, 1, 2), tokens, 50, 1, 1, 7, "ring", PartitionRule.ZIGZAG);
    }

    private Path archive() throws IOException {
        Path file = folder.resolve("texts.zip");
        try (ZipOutputStream archive = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, String> document : DOCUMENTS.entrySet()) {
                archive.putNextEntry(new ZipEntry(document.getKey()));
                archive.write(document.getValue().getBytes(StandardCharsets.US_ASCII));
            }
        }
        return file;
    }

    @Test
    void documentsOfAnArchiveAreItsTextsAlsoEmptyOnes() throws IOException {
        Text text = Text.read(archive());
        Sequence whole = text.sequences(settings(13), 0).getFirst();
        assertThat(whole.ids())
                .containsExactly("aaaacdddddddd".chars().asLongStream().toArray());
        assertThat(whole.documents()).containsExactly(0L, 4L, 4L, 5L, 13L);
        assertThat(whole.labels()).isEqualTo(3 + 7);
    }

    @Test
    void aSequenceHasTheBordersOfItsBytes() throws IOException {
        Text text = Text.read(archive());
        for (Sequence sequence : text.sequences(settings(6), 3)) {
            assertThat(sequence.ids()).hasSize(6);
            List<Long> documents = sequence.documents();
            assertThat(documents).startsWith(0L).endsWith(6L).isSorted();
            for (int i = 1; i < 6; i++) {
                assertThat(documents.contains((long) i)).isEqualTo(sequence.ids()[i] != sequence.ids()[i - 1]);
            }
        }
    }

    @Test
    void aFileIsADocument() throws IOException {
        Path file = Files.writeString(folder.resolve("text"), "of mine");
        assertThat(Text.read(file).sequences(settings(7), 0).getFirst().documents())
                .containsExactly(0L, 7L);
    }
}
