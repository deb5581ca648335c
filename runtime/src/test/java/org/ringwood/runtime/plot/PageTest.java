package org.ringwood.runtime.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.net.LinkMeasurement;
import org.ringwood.runtime.sweep.Measurement;
import org.ringwood.runtime.sweep.Measurements;
import org.ringwood.runtime.sweep.Provenance;
import org.ringwood.runtime.sweep.Results;
import org.ringwood.runtime.sweep.ThisMachine;

class PageTest {
    @TempDir
    private Path directory;

    /** Ring and Tree on 1, 2 and 4 workers; the rows of several workers are compared with the one of one. */
    private static List<Measurement> rows() {
        List<Measurement> rows = new ArrayList<>();
        rows.add(Measurements.of("row", "one", "workers", 1, "time_us", 4000, "flops", 1000));
        for (String schedule : List.of("ring", "tree")) {
            for (int workers : new int[] {2, 4}) {
                for (int iteration = 0; iteration < 3; iteration++) {
                    rows.add(Measurements.of(
                            "row",
                            schedule + workers,
                            "schedule",
                            schedule,
                            "ran_schedule",
                            schedule,
                            "workers",
                            workers,
                            "nodes",
                            workers,
                            "baseline",
                            "one",
                            "iteration",
                            iteration,
                            "flops",
                            1000,
                            "bytes_inter_node",
                            1 << 20,
                            "time_us",
                            4000.0 / workers + 100 * iteration));
                }
            }
        }
        return rows;
    }

    private static Results results(List<Measurement> rows) {
        Results results = new Results();
        results.rows().addAll(rows);
        return results;
    }

    private static Provenance provenance(String run, String emulated, Map<String, Map<String, Object>> jobs) {
        return new Provenance(
                1,
                "sweep",
                run,
                "sweep",
                "A <title>",
                "one-worker",
                "",
                "1",
                "abc",
                "2026-11-22T12:00:00Z",
                emulated,
                "slurm",
                ThisMachine.describe(),
                List.of(new Provenance.Rank(0, "n", "h", 1, "cpu")),
                jobs);
    }

    @Test
    void aPageIsOneFileThatNeedsNothingElse() throws Exception {
        Results results = results(rows());
        results.provenance().put("run-1", provenance("run-1", "4 nodes on one machine", Map.of()));
        Path page = Page.of(results).write(directory);
        String html = Files.readString(page);
        assertThat(html)
                .contains("A &lt;title&gt;", "prefers-color-scheme: dark", "4 nodes on one machine", "<table>")
                .doesNotContain("<script", "<link", "src=", "@import", "url(")
                .containsPattern("Efficiency against one worker")
                .contains("Bytes across nodes", "Waiting", "Peak tensor memory", "The plan's prediction");
        try (Stream<Path> figures = Files.list(directory.resolve("figures"))) {
            List<Path> all = figures.toList();
            assertThat(all).hasSizeGreaterThan(5);
            for (Path figure : all) {
                wellFormed(Files.readString(figure));
                assertThat(Files.readString(figure)).contains("<style>", "role=\"img\"");
                assertThat(Files.readString(figure)).doesNotContain("NaN", "Infinity");
            }
        }
    }

    private static void wellFormed(String xml) throws Exception {
        DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void efficiencyIsWhatIsLeftOfTheBaselinesSpeed() {
        List<Cell> cells = Cell.of(rows(), false);
        Cell one = cells.getFirst();
        Cell two = cells.get(1);
        // Twice as many workers take 2100 µs in the median, where 2000 would be ideal.
        assertThat(two.efficiency(one, false)).isEqualTo(4000.0 / 2100 / 2);
        assertThat(two.efficiency(one, true)).isEqualTo(4000.0 / 2100);
        assertThat(two.point(2, Measurement::timeUs)).isEqualTo(new Series.Point(2, 2100, 2000, 2200));
    }

    /** A sweep over nodes whose smallest row is also what the others are compared with. */
    @Test
    void aLineOverNodesBeginsWithItsBaseline() {
        List<Measurement> rows = new ArrayList<>();
        for (int nodes : new int[] {1, 2, 4}) {
            rows.add(Measurements.of(
                    "row",
                    "on" + nodes,
                    "workers",
                    nodes,
                    "nodes",
                    nodes,
                    "baseline",
                    nodes == 1 ? "" : "on1",
                    "flops",
                    8));
        }
        SweepSection section = SweepSection.of("sweep", rows, results(rows));
        assertThat(section.figures())
                .filteredOn(figure -> figure.name().matches("sweep-(time|efficiency)"))
                .hasSize(2)
                .allSatisfy(figure -> assertThat(figure.series())
                        .singleElement()
                        .satisfies(line -> assertThat(line.points()).hasSize(3)));
    }

    @Test
    void nothingMeasuredIsRefusedWithWhatWasFound() throws IOException {
        Files.writeString(directory.resolve("foreign.csv"), "a,b\n1,2\n");
        assertThatThrownBy(() -> Page.of(Results.read(directory)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no measurement was found")
                .hasMessageContaining("foreign.csv is no table of ringwood bench");
    }

    @Test
    void runsThatDisagreeAreNoted() {
        List<Measurement> rows = rows();
        rows.add(Measurements.of(
                "run", "run-2", "row", "ring2", "schedule", "ring", "workers", 2, "bytes_intra_node", 1));
        rows.add(Measurements.of("run", "run-3", "row", "one", "workers", 1, "time_us", 90000, "flops", 1000));
        assertThat(Page.of(results(rows)).notes())
                .anyMatch(note ->
                        note.contains("run-1 and run-2 disagree on row ring2") && note.contains("of one commit?"))
                .anyMatch(note ->
                        note.contains("run-1 and run-3 disagree on row one") && note.contains("factor of 22.5"));
    }

    @Test
    void rowsThatWereNotReachedAreNoted() {
        Results results = results(rows());
        results.provenance().put("run-1", provenance("run-1", "", Map.of("ring2", Map.of(), "lost", Map.of())));
        assertThat(Page.of(results).notes())
                .anyMatch(note -> note.contains("1 of 2 rows of sweep were begun by a run that did not come to them"));
    }

    @Test
    void anySubsetOfRowsMakesAPage() throws Exception {
        var random = new SplittableRandom(11);
        for (int i = 0; i < 60; i++) {
            List<Measurement> some =
                    rows().stream().filter(_ -> random.nextInt(4) == 0).toList();
            if (!some.isEmpty()) {
                String html = Page.of(results(some)).html();
                assertThat(html)
                        .as("subset %d, seed 11: %s", i, some)
                        .contains("</html>")
                        .doesNotContain(">NaN");
            }
        }
    }

    @Test
    void strangeFiguresMakeAPage() throws Exception {
        List<Measurement> rows = List.of(
                Measurements.of("time_us", 0, "flops", 0, "predicted_us", "", "link_bytes_per_s", ""),
                Measurements.of("row", "b", "time_us", 1e300, "tokens", Long.MAX_VALUE, "peak_tensor_bytes", 0));
        Path page = Page.of(results(rows)).write(directory);
        assertThat(Files.readString(page)).doesNotContain("Infinity");
    }

    @Test
    void linksAreShownInTheColumnsOfNcclTests() {
        Results results = new Results();
        for (long size = 1024; size <= 1 << 20; size *= 32) {
            results.links()
                    .add(new LinkMeasurement(
                            "net-1",
                            "aeron",
                            "all_reduce",
                            "all",
                            4,
                            4,
                            size,
                            size / 4,
                            "f32",
                            "max",
                            9,
                            size / 1e3,
                            1,
                            1.5,
                            0));
        }
        assertThat(Page.of(results).html()).contains("busbw (GB/s)", "#wrong", "Bus bandwidth of the links");
    }

    @Test
    void ticksAreRoundAndOnTheAxis() {
        var random = new SplittableRandom(3);
        for (int i = 0; i < 2000; i++) {
            double low = Math.exp(random.nextDouble(-20, 40));
            double high = low * Math.exp(random.nextDouble(0, 12));
            for (Scale scale : List.of(
                    Scale.linear(high, 1),
                    Scale.logarithmic(low, high, 1, random.nextBoolean()),
                    Scale.atValues(List.of(low, high)))) {
                assertThat(scale.ticks())
                        .as("%s to %s, seed 3: %s", low, high, scale)
                        .hasSizeBetween(1, 12);
                assertThat(scale.at(high)).as("%s", scale).isBetween(-1e-9, 1 + 1e-9);
                assertThat(scale.ticks())
                        .allSatisfy(tick -> assertThat(scale.at(tick)).isBetween(-1e-9, 1 + 1e-9));
            }
        }
    }
}
