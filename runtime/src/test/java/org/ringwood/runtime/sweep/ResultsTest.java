package org.ringwood.runtime.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.net.LinkMeasurement;

class ResultsTest {
    @TempDir
    private Path directory;

    private final CsvFormat<Measurement> format = CsvFormat.of(Measurement.class);

    private static Provenance provenance(String run) {
        return new Provenance(
                Provenance.SCHEMA,
                "sweep",
                run,
                "sweep",
                "A title",
                "none",
                "",
                "1",
                "abc1234",
                "2026-11-22T12:00:00Z",
                "links, by tbf",
                "slurm",
                ThisMachine.describe(),
                List.of(new Provenance.Rank(0, "n1", "host", 7, "cpu")),
                Map.of("abc", Map.of("workers", 2)));
    }

    private void write(String run, Measurement... rows) {
        try (RunFiles<Measurement> files = RunFiles.create(directory, run, Measurement.class)) {
            files.explain(provenance(run));
            for (Measurement row : rows) {
                files.add(row);
            }
        }
    }

    @Test
    void whatIsWrittenIsRead() {
        Measurement strange = Measurements.of(
                "mask", "{causal: true, window: {left: 3, right: 0}} \"quoted\"", "bytes_needed", "", "iteration", 1);
        write("run-1", Measurements.of(), strange);
        Results results = Results.read(directory);
        assertThat(results.notes()).isEmpty();
        assertThat(results.rows()).containsExactly(Measurements.of(), strange);
        assertThat(results.rows().getLast().bytesNeeded()).isNaN();
        assertThat(results.of("run-1")).contains(provenance("run-1"));
        assertThat(results.done()).isEqualTo(Map.of("abc", Set.of(0, 1)));
    }

    @Test
    void unitsAreInTheColumnsNames() {
        assertThat(format.columns())
                .contains("time_us", "wait_us_max", "bytes_inter_node", "flops", "tokens_per_s", "peak_tensor_bytes");
    }

    @Test
    void runsShareADirectory() {
        write("run-1", Measurements.of());
        write("run-2", Measurements.of("run", "run-2", "row", "def"));
        assertThat(Results.read(directory).done()).containsOnlyKeys("abc", "def");
        assertThatThrownBy(() -> RunFiles.create(directory, "run-1", Measurement.class))
                .isInstanceOf(InputException.class);
    }

    @Test
    void aRunThatWasKilledLeavesItsWholeLines() throws IOException {
        write("run-1", Measurements.of(), Measurements.of("iteration", 1), Measurements.of("iteration", 2));
        Path table = directory.resolve("run-1.csv");
        byte[] whole = Files.readAllBytes(table);
        var random = new SplittableRandom(5);
        for (int i = 0; i < 40; i++) {
            int length = random.nextInt(whole.length);
            Files.write(table, java.util.Arrays.copyOf(whole, length));
            Results results = Results.read(directory);
            long lines = new String(whole, 0, length, java.nio.charset.StandardCharsets.UTF_8)
                    .chars()
                    .filter(c -> c == '\n')
                    .count();
            assertThat(results.rows()).as("cut at %d, seed 5", length).hasSize((int) Math.max(0, lines - 1));
            boolean betweenLines = length > 0 && whole[length - 1] == '\n';
            assertThat(results.notes()).as("cut at %d, seed 5", length).hasSize(betweenLines ? 0 : 1);
        }
    }

    @Test
    void brokenAndForeignTablesBecomeNotes() throws IOException {
        write("run-1", Measurements.of());
        Files.writeString(directory.resolve("foreign.csv"), "name,age\nAda,36\n");
        Files.write(directory.resolve("binary.csv"), new byte[] {(byte) 0xC3, 0x28, '\n', 0});
        Files.writeString(directory.resolve("empty.csv"), "");
        Files.writeString(
                directory.resolve("wrong.csv"),
                format.header() + "\n" + format.line(Measurements.of()).replace(",64,64,", ",many,64,")
                        + "\na,b\n\"open\n" + format.line(Measurements.of("row", "def")) + "\n");
        Files.writeString(directory.resolve("wrong.json"), "{");
        Results results = Results.read(directory);
        assertThat(results.rows()).extracting(Measurement::row).containsExactly("abc", "def");
        assertThat(String.join("\n", results.notes()))
                .contains(
                        "foreign.csv is no table of ringwood bench",
                        "binary.csv is no UTF-8 text",
                        "empty.csv has no whole line",
                        "wrong.csv:2 is left out: \"many\" is no number for tokens",
                        "wrong.csv:3 is left out: 2 cells instead of",
                        "wrong.csv:4 is left out: a quote is not closed",
                        "wrong.json cannot be read");
    }

    @Test
    void tablesOfAnotherVersionSayWhatTheyLack() throws IOException {
        Files.writeString(directory.resolve("old.csv"), format.header().replace("wait_us_max", "waiting") + "\n");
        Files.writeString(
                directory.resolve("new.csv"),
                "novelty," + format.header() + "\nx," + format.line(Measurements.of()) + "\n");
        Results results = Results.read(directory);
        assertThat(results.rows()).containsExactly(Measurements.of());
        assertThat(results.notes()).anyMatch(note -> note.contains("it lacks wait_us_max"));
    }

    @Test
    void linksAreKnownByTheirColumns() {
        LinkMeasurement link = new LinkMeasurement(
                "net-1", "aeron", "sendrecv", "a, b", 2, 2, 1024, 256, "f32", "none", 5, 12.5, 0.08, 0.08, 0);
        try (RunFiles<LinkMeasurement> files = RunFiles.create(directory, "net-1", LinkMeasurement.class)) {
            files.explain(provenance("net-1"));
            files.add(link);
        }
        assertThat(Results.read(directory).links()).containsExactly(link);
    }

    @Test
    void aMissingDirectoryIsRefused() {
        assertThatThrownBy(() -> Results.read(directory.resolve("none")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is no directory");
    }
}
