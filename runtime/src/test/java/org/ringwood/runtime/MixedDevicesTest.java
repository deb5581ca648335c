package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Prediction;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;

/** Whole jobs in which one worker computes on the emulation of a GPU and the others on the CPU. */
class MixedDevicesTest {
    private static final List<String> SCHEDULES = List.of("ring", "double-ring", "tree", "ulysses");

    private static final String JOB = """
            workers: 3
            device: [cpu, cuda, cpu]
            attention: {schedule: %s, partition: zigzag, mask: causal}
            input: {random: {tokens: 203, heads: 3, kvHeads: 2, dim: 20, dimV: 12}}
            timeouts: {peer: 60s}
            verify: all
            report: report.json
            """.formatted(SCHEDULES);

    @TempDir
    Path directory;

    @BeforeAll
    static void build() throws Exception {
        EmulatedGpus.build();
    }

    private Map<String, Object> run(String speeds) throws Exception {
        Path job = Files.writeString(directory.resolve("job.yaml"), JOB + "speeds: " + speeds + "\n");
        try (LaunchedProgram run =
                LaunchedProgram.ringwood(directory, EmulatedGpus.environment(), "run", job.toString())) {
            assertThat(run.await()).as(run.err()).isZero();
            assertThat(run.leftovers()).isEmpty();
        }
        return JSON.std.mapFrom(Files.readString(directory.resolve("report.json")));
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> list(Map<String, Object> of, String key) {
        return (List<Map<String, Object>>) of.getOrDefault(key, List.of());
    }

    @Test
    void everyRankDoesAndSendsWhatThePlanOfItsWeightSays() throws Exception {
        Map<String, Object> report = run("[2, 8, 1]");
        assertThat(list(report, "ranks"))
                .extracting(rank -> String.valueOf(rank.get("device")).substring(0, 4))
                .containsExactly("cpu,", "cuda", "cpu,");
        AttentionShape shape = new AttentionShape(203, 203, 3, 2, 20, 12, DType.F32);
        for (int index = 0; index < SCHEDULES.size(); index++) {
            Schedule schedule = Schedules.named(SCHEDULES.get(index));
            List<String> planned = schedule
                    .plan(schedule.problem(
                            shape,
                            Mask.causal(203, 203),
                            PartitionRule.ZIGZAG,
                            Topology.singleNode(3),
                            Weights.of(List.of(2, 8, 1))))
                    .predictions()
                    .stream()
                    .map(MixedDevicesTest::cost)
                    .toList();
            assertThat(list(list(report, "schedules").get(index), "ranks"))
                    .as(schedule.name())
                    .extracting(MixedDevicesTest::cost)
                    .isEqualTo(planned);
        }
        assertThat(report.get("job")).asString().contains("speeds=[2, 8, 1]", "device=[cpu, cuda, cpu]");
        assertThat(report.get("auto")).asString().contains("ulysses deals heads, and as many to every worker");
    }

    private static String cost(Prediction prediction) {
        return prediction.flops() + " FLOPs, " + prediction.traffic().bytesWithinNode() + " bytes, "
                + prediction.traffic().hops() + " hops";
    }

    private static String cost(Map<String, Object> rank) {
        Map<?, ?> sent = (Map<?, ?>) rank.getOrDefault("bytesSent", Map.of());
        return rank.get("flops") + " FLOPs, " + sent.get("withinNode") + " bytes, " + rank.get("hops") + " hops";
    }

    @Test
    void ranksOfUnlikeKindAreMeasured() throws Exception {
        Map<String, Object> report = run("auto");
        assertThat(report.get("auto")).asString().contains("key=speeds").contains("because=measured: ");
        assertThat(report.get("job")).asString().doesNotContain("speeds=auto");
    }
}
