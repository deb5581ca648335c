package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.execution.ShardedRun.Layout;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Dropout;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.GradientAccuracy;

/** The mask of dropout is that of the whole attention: by every schedule, on any number of ranks, forward and backward. */
class DropoutTest {
    private static final long TOKENS = 45;
    private static final AttentionShape SHAPE = new AttentionShape(TOKENS, TOKENS, 5, 3, 8, 12, DType.F32);
    private static final Scoring SCORING = new Scoring(0.4f, 6).withDropout(0.3, 0x123456789ABCDEFL);

    static Stream<Schedule> schedules() {
        return Schedules.all().stream();
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void everyScheduleEqualsTheOracle(Schedule schedule) {
        List<Mask> masks = List.of(
                Mask.causal(TOKENS, TOKENS),
                Mask.full(TOKENS, TOKENS),
                MaskRule.causal().inDocuments(List.of(0L, 1L, 12L, 30L, 45L)).over(TOKENS, TOKENS));
        PartitionRule[] partitions = PartitionRule.values();
        int problems = 0;
        for (Mask mask : masks) {
            for (int ranks : new int[] {1, 2, 3, 4, 7}) {
                // Ranks two by two on a node, so that hybrid attention has several rings.
                Topology topology = new Topology(Stream.iterate(0, rank -> rank + 1)
                        .limit(ranks)
                        .map(rank -> "node" + rank / 2)
                        .toList());
                PartitionRule partition = partitions[problems++ % partitions.length];
                Plan plan = schedule.plan(schedule.problem(SHAPE, mask, partition, topology));
                check(schedule, plan, ranks == 3 ? Devices.Kind.SCALAR : Devices.Kind.CPU, partition + " of " + mask);
            }
        }
    }

    static void check(Schedule schedule, Plan plan, Devices.Kind device, String what) {
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, Layout.DENSE, SCORING, 1);
            run.run(device);
            assertThat(run.judge()).as("%s, %s", plan, what).matches(Accuracy::holds, "within the bounds");
            DType dtype = plan.shape().dtype();
            Plan backward = schedule.backward(plan.problem(), dtype);
            ShardedGradients gradients = new ShardedGradients(arena, run, backward, Layout.DENSE, dtype, 2);
            gradients.run(device);
            assertThat(gradients.judge()).as("%s, %s", backward, what).allMatch(GradientAccuracy::holds);
        }
    }

    /** As a trainer calls it: two layers, each with a seed of its own, which backward need not be told. */
    @ParameterizedTest
    @MethodSource("schedules")
    void everyAttentionIsDifferentiatedByItsOwnMask(Schedule schedule) {
        Topology topology = Topology.singleNode(2);
        Plan plan = schedule.plan(schedule.problem(SHAPE, Mask.causal(TOKENS, TOKENS), PartitionRule.ZIGZAG, topology));
        Plan backward = schedule.backward(plan.problem(), DType.F32);
        try (Arena arena = Arena.ofShared()) {
            List<ShardedRun> runs = new ArrayList<>();
            List<ShardedGradients> gradients = new ArrayList<>();
            for (int layer = 0; layer < 2; layer++) {
                Scoring scoring = Scoring.of(8).withDropout(0.5, layer);
                runs.add(new ShardedRun(arena, plan, Layout.HEADS_FIRST, scoring, 1));
                gradients.add(new ShardedGradients(arena, runs.get(layer), backward, Layout.FUSED, DType.F32, 2));
            }
            RankThreads.run(ProcessGroups.inProcess(topology, ShardedRun.TIMEOUTS), group -> {
                int rank = group.rank();
                try (Device device = Devices.open(Devices.Kind.CPU, 1);
                        var attention = new SequenceParallelAttention(group, device, schedule, PartitionRule.ZIGZAG)) {
                    List<SavedAttention> saved = new ArrayList<>();
                    for (ShardedRun run : runs) {
                        AttentionTensors mine = run.shard(rank);
                        saved.add(attention.forward(
                                plan, mine.queries(), mine.keys(), mine.values(), mine.out(), run.scoring()));
                    }
                    for (int layer = 1; layer >= 0; layer--) {
                        GradientTensors mine = gradients.get(layer).shard(rank);
                        Execution _ = attention.backward(
                                saved.get(layer), mine.out(), mine.queries(), mine.keys(), mine.values());
                    }
                }
            });
            assertThat(gradients).allSatisfy(layer -> assertThat(layer.judge()).allMatch(GradientAccuracy::holds));
            assertThat(bytes(runs.get(1))).isNotEqualTo(bytes(runs.get(0)));
        }
    }

    private static byte[] bytes(ShardedRun run) {
        return run.output().memory().toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void rateZeroChangesNoBits() {
        Schedule ring = Schedules.named("ring");
        Plan plan = ring.plan(
                ring.problem(SHAPE, Mask.causal(TOKENS, TOKENS), PartitionRule.ZIGZAG, Topology.singleNode(3)));
        try (Arena arena = Arena.ofShared()) {
            ShardedRun without = new ShardedRun(arena, plan, Layout.DENSE, Scoring.of(8), 1);
            ShardedRun with =
                    new ShardedRun(arena, plan, Layout.DENSE, Scoring.of(8).withDropout(0, 5), 1);
            without.run(Devices.Kind.CPU);
            with.run(Devices.Kind.CPU);
            assertThat(bytes(with)).isEqualTo(bytes(without));
        }
    }

    @Test
    void sinksAndDropoutAreSetApart() {
        Scoring scoring = Scoring.of(4).withSinks(List.of(1f)).withDropout(0.25, 3);
        assertThat(scoring).isEqualTo(Scoring.of(4).withDropout(0.25, 3).withSinks(List.of(1f)));
        assertThat(scoring.dropout()).isEqualTo(new Dropout(0.25, 3));
        assertThatThrownBy(() -> Scoring.of(4).withDropout(1, 3)).hasMessageContaining("dropout of rate 1.0");
    }
}
