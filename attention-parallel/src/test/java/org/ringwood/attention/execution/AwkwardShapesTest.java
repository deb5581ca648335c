package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.execution.ShardedRun.Layout;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.HybridAttention;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.attention.schedule.TreeAttention;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.scalar.Accuracy;

/** Shapes that other systems refuse. */
class AwkwardShapesTest {
    static List<Schedule> schedules() {
        return Schedules.all();
    }

    private static Plan plan(Schedule schedule, AttentionShape shape, Mask mask, PartitionRule rule, int ranks) {
        return schedule.plan(schedule.problem(shape, mask, rule, Topology.singleNode(ranks)));
    }

    private static void check(Plan plan, Layout layout, Scoring scoring) {
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, layout, scoring, 7);
            run.run(Devices.Kind.CPU);
            assertThat(run.judge()).as("%s, %s", plan, layout).matches(Accuracy::holds, "within the bounds");
        }
    }

    private static void check(Plan plan) {
        check(plan, Layout.DENSE, Scoring.of(plan.shape().dim()));
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void fewerTokensThanRanks(Schedule schedule) {
        for (PartitionRule rule : PartitionRule.values()) {
            AttentionShape one = new AttentionShape(1, 1, 3, 1, 5, 7, DType.F32);
            check(plan(schedule, one, Mask.causal(1, 1), rule, 4));
            AttentionShape some = new AttentionShape(31, 31, 7, 7, 16, 16, DType.F32);
            check(plan(schedule, some, Mask.causal(31, 31), rule, 8));
            AttentionShape few = new AttentionShape(3, 5, 3, 2, 4, 4, DType.F32);
            check(plan(schedule, few, Mask.full(3, 5), rule, 4));
        }
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void nothingAtAll(Schedule schedule) {
        AttentionShape noQueries = new AttentionShape(0, 9, 2, 1, 4, 4, DType.F32);
        check(plan(schedule, noQueries, Mask.full(0, 9), PartitionRule.CONTIGUOUS, 3));
        AttentionShape noKeys = new AttentionShape(9, 0, 2, 1, 4, 4, DType.F32);
        check(plan(schedule, noKeys, Mask.full(9, 0), PartitionRule.ZIGZAG, 3));
        AttentionShape masked = new AttentionShape(9, 9, 2, 1, 4, 4, DType.F32);
        check(plan(schedule, masked, Mask.of(9, 9, List.of()), PartitionRule.STRIPED, 3));
    }

    /** All rows come from one rank, are received in place, and the mask leaves nobody to read them. */
    @ParameterizedTest
    @MethodSource("schedules")
    void whatNobodyReadsIsGivenBack(Schedule schedule) {
        AttentionShape shape = new AttentionShape(1, 1, 2, 2, 4, 4, DType.F32);
        check(plan(schedule, shape, Mask.of(1, 1, List.of()), PartitionRule.CONTIGUOUS, 2));
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void headsThatDoNotDivide(Schedule schedule) {
        for (int[] heads : new int[][] {{1, 1}, {3, 3}, {3, 2}, {7, 2}, {15, 3}, {8, 1}}) {
            AttentionShape shape = new AttentionShape(26, 26, heads[0], heads[1], 8, 8, DType.F32);
            check(plan(schedule, shape, Mask.causal(26, 26), PartitionRule.ZIGZAG, 4));
        }
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void otherElementTypesAndHeadDims(Schedule schedule) {
        for (DType dtype : DType.values()) {
            AttentionShape shape = new AttentionShape(40, 40, 4, 2, 24, 10, dtype);
            Mask mask = MaskRule.window(12, 0, 2).over(40, 40);
            check(plan(schedule, shape, mask, PartitionRule.STRIPED, 3), Layout.DENSE, new Scoring(0.3f, 5));
        }
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void fewQueriesOverManyKeys(Schedule schedule) {
        AttentionShape decode = new AttentionShape(1, 301, 4, 2, 16, 16, DType.F32);
        check(plan(schedule, decode, Mask.causal(1, 301), PartitionRule.CONTIGUOUS, 4));
        AttentionShape many = new AttentionShape(50, 7, 4, 2, 16, 16, DType.F32);
        check(plan(schedule, many, Mask.causal(50, 7), PartitionRule.BALANCED, 3));
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void tensorsOfOtherLayouts(Layout layout) {
        for (Schedule schedule : Schedules.all()) {
            AttentionShape shape = new AttentionShape(33, 33, 6, 3, 8, 12, DType.F16);
            check(plan(schedule, shape, Mask.causal(33, 33), PartitionRule.ZIGZAG, 3), layout, Scoring.of(8));
        }
    }

    @Test
    void stridedTensorsCostThePackingOfWhatIsSent() {
        AttentionShape shape = new AttentionShape(32, 32, 4, 2, 8, 8, DType.F32);
        Plan plan = plan(Schedules.named("ring"), shape, Mask.full(32, 32), PartitionRule.CONTIGUOUS, 2);
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, Layout.FUSED, Scoring.of(8), 1);
            long packed = 16L * 2 * (8 + 8) * 4;
            for (Execution execution : run.run(Devices.Kind.CPU)) {
                assertThat(execution.peakTensorBytes())
                        .isEqualTo(plan.prediction(execution.rank()).peakTensorBytes() + packed);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3", "6"})
    void hybridOfAnyDivisor(int headRanks) {
        AttentionShape shape = new AttentionShape(38, 38, 6, 2, 8, 8, DType.F32);
        check(plan(new HybridAttention(headRanks), shape, Mask.causal(38, 38), PartitionRule.ZIGZAG, 6));
    }

    @Test
    void everyRankEndsWithTheWholeOutputOfTree() {
        AttentionShape shape = new AttentionShape(4, 64, 4, 2, 8, 8, DType.F32);
        Plan plan = plan(new TreeAttention(), shape, Mask.causal(4, 64), PartitionRule.CONTIGUOUS, 3);
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, Layout.DENSE, Scoring.of(8), 1);
            run.run(Devices.Kind.CPU);
            for (int rank = 0; rank < 3; rank++) {
                assertThat(run.shard(rank).out().tokens()).isEqualTo(4);
                assertThat(run.shard(rank).out().memory().mismatch(run.output().memory()))
                        .isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void sameBitsInEveryRun(Schedule schedule) {
        long seed = new SplittableRandom().nextLong();
        AttentionShape shape = new AttentionShape(97, 97, 4, 2, 16, 16, DType.F32);
        Plan plan = plan(schedule, shape, Mask.causal(97, 97), PartitionRule.ZIGZAG, 4);
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, Layout.DENSE, Scoring.of(16), seed);
            run.run(Devices.Kind.CPU);
            MemorySegment out = run.output().memory();
            MemorySegment lse = run.lse().memory();
            for (int again = 0; again < 5; again++) {
                run.run(Devices.Kind.CPU);
                assertThat(run.output().memory().mismatch(out))
                        .as("seed %d", seed)
                        .isEqualTo(-1);
                assertThat(run.lse().memory().mismatch(lse)).as("seed %d", seed).isEqualTo(-1);
            }
        }
    }
}
