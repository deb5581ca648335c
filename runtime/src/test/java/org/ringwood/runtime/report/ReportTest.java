package org.ringwood.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.attention.AttentionShape;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.JobFile;

class ReportTest {
    private static final Accuracy GOOD = new Accuracy(DType.F32, 10, 1e-7, 2e-7, 1.5, 1e-6, 3e-7, 8);

    @TempDir
    private Path directory;

    private static RankReport rank(int rank, @Nullable Accuracy accuracy) {
        return new RankReport(
                rank,
                "node" + rank,
                1000 + rank,
                "cpu",
                2,
                0.5,
                0.25,
                List.of(
                        new RankReport.Run(
                                "ring",
                                "zigzag",
                                1.0 + rank,
                                0.75,
                                0.125,
                                0.0625,
                                100,
                                200,
                                3,
                                2,
                                4096,
                                512,
                                1000,
                                accuracy),
                        new RankReport.Run("tree", "zigzag", 0.5, 0.25, 0.25, 0, 10, 20, 1, 1, 8192, 256, 2000, null)));
    }

    private static Report report(@Nullable Accuracy accuracy) {
        Report.Facts facts = new Report.Facts(
                "0.1.0",
                "abc",
                JobFile.parse("""
                        workers: 2
                        attention: {mask: causal, scale: 0.5}
                        output: "1.npy"
                        input: {random: {tokens: 8, heads: 2, dim: 4}}
                        """, Path.of("/jobs/job.yaml"), List.of(), Map.of()),
                new AttentionShape(8, 8, 2, 2, 4, 4, DType.F32),
                1,
                false,
                List.of(new Report.Choice("attention.schedule", "ring", "it is predicted to be the fastest")));
        return Report.of(facts, List.of(rank(1, accuracy), rank(0, accuracy)));
    }

    private Map<String, Object> written(Report report) throws IOException {
        Path file = directory.resolve("report.json");
        report.write(file);
        return JSON.std.mapFrom(Files.readString(file));
    }

    private static Object at(Map<String, Object> json, String key) {
        return Objects.requireNonNull(json.get(key), key);
    }

    @Test
    @SuppressWarnings("unchecked")
    void saysWhatDesignPromises() throws IOException {
        Map<String, Object> json = written(report(GOOD));
        assertThat(json)
                .containsEntry("schema", 1)
                .containsEntry("version", "0.1.0")
                .containsEntry("commit", "abc")
                .containsEntry("emulated", false);
        Map<String, Object> job = (Map<String, Object>) at(json, "job");
        assertThat(job)
                .containsEntry("workers", 2)
                .containsEntry("threads", "auto")
                .containsEntry("output", "/jobs/1.npy");
        assertThat((Map<String, Object>) job.get("attention"))
                .containsEntry("scale", 0.5)
                .containsEntry("schedule", List.of("auto"));
        assertThat((List<Map<String, Object>>) json.get("auto"))
                .containsExactly(Map.of(
                        "key", "attention.schedule", "value", "ring", "because", "it is predicted to be the fastest"));

        List<Map<String, Object>> schedules = (List<Map<String, Object>>) at(json, "schedules");
        assertThat(schedules.getFirst())
                .containsEntry("schedule", "ring")
                .containsEntry("seconds", 2.0)
                .containsEntry("pairs", 20)
                .containsEntry("error", Map.of("maxAbs", 1e-7, "bound", GOOD.outBound()));
        assertThat(schedules.getLast()).doesNotContainKeys("error", "lseError");
        Map<String, Object> run = ((List<Map<String, Object>>) at(schedules.getFirst(), "ranks")).getLast();
        assertThat(run)
                .containsEntry("rank", 1)
                .containsEntry("bytesSent", Map.of("withinNode", 100, "acrossNodes", 200))
                .containsEntry("hops", 2)
                .containsEntry("messages", 3)
                .containsEntry("peakTensorBytes", 4096)
                .containsEntry("peakDeviceBytes", 512)
                .containsEntry("flops", 1000);

        Map<String, Object> rank = ((List<Map<String, Object>>) at(json, "ranks")).getFirst();
        assertThat(rank)
                .containsEntry("rank", 0)
                .containsEntry("host", "node0")
                .containsEntry("device", "cpu")
                .containsEntry("threads", 2)
                .containsEntry(
                        "seconds", Map.of("load", 0.5, "compute", 1.0, "wait", 0.375, "verify", 0.0625, "write", 0.25))
                .containsEntry("bytesSent", Map.of("withinNode", 110, "acrossNodes", 220))
                .containsEntry("hops", 3)
                .containsEntry("messages", 4)
                .containsEntry("peakTensorBytes", 8192)
                .containsEntry("peakDeviceBytes", 512)
                .containsEntry("flops", 3000);
    }

    @Test
    void whatARankTellsReadsBackAsItWas() {
        Accuracy broken = new Accuracy(
                DType.BF16, 1, Double.POSITIVE_INFINITY, 1e-300, 0, 0.1 + 0.2, Double.MIN_VALUE, Double.MAX_VALUE);
        for (RankReport report : List.of(rank(3, GOOD), rank(0, null), rank(1, broken))) {
            assertThat(RankReport.fromJson(report.toJson())).isEqualTo(report);
        }
        assertThatThrownBy(() -> RankReport.fromJson("{\"rank\": \"x\"}")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aResultThatIsNoNumberDoesNotHold() throws IOException {
        Report report = report(new Accuracy(DType.F32, 1, Double.POSITIVE_INFINITY, 0, 1, 0, 0, 0));
        assertThat(Objects.requireNonNull(report.schedules().getFirst().error()).holds())
                .isFalse();
        assertThat(written(report)).isNotEmpty();
    }

    @Test
    void printsATable() {
        assertThat(report(GOOD).table().toString()).isEqualTo("""
                        schedule  error (allowed)    sent a rank  hops  peak a rank    time  of it waiting
                        ring      1.0e-07 (1.8e-06)        300 B     2     4.00 KiB  2.00 s         125 ms
                        tree      not verified              30 B     1     8.00 KiB  500 ms         250 ms
                        """);
    }

    @Test
    void anUnwritablePlaceIsNamedAndNothingIsLeft() {
        assertThatThrownBy(() -> report(GOOD).write(directory.resolve("none/report.json")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("none/report.json cannot be written (its directory does not exist)");
        assertThat(directory).isEmptyDirectory();
    }
}
