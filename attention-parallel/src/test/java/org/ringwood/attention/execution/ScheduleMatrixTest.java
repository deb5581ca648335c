package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Pass;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Prediction;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.GradientAccuracy;

/** Every schedule × mask × partition × world size equals the oracle, and costs exactly what its plan says. */
class ScheduleMatrixTest {
    private static final long TOKENS = 45;
    private static final List<Integer> WORLD_SIZES = List.of(1, 2, 3, 4, 7);
    private static final List<Weights> SPEEDS =
            List.of(Weights.of(List.of(5, 1)), Weights.of(List.of(1, 40, 7, 1, 40)));
    private static final AttentionShape SHAPE = new AttentionShape(TOKENS, TOKENS, 5, 3, 8, 12, DType.F32);

    record NamedMask(String name, Mask mask) {
        @Override
        public String toString() {
            return name;
        }
    }

    record Case(Schedule schedule, NamedMask mask) {
        @Override
        public String toString() {
            return schedule.name() + ", " + mask;
        }
    }

    static List<NamedMask> masks() {
        List<Long> documents = List.of(0L, 1L, 1L, 12L, 30L, 45L);
        return List.of(
                new NamedMask("full", Mask.full(TOKENS, TOKENS)),
                new NamedMask("causal", Mask.causal(TOKENS, TOKENS)),
                new NamedMask("window and sinks", MaskRule.window(6, 2, 3).over(TOKENS, TOKENS)),
                new NamedMask(
                        "documents", MaskRule.causal().inDocuments(documents).over(TOKENS, TOKENS)),
                new NamedMask(
                        "slices",
                        Mask.of(
                                TOKENS,
                                TOKENS,
                                List.of(
                                        Slice.of(0, 20, 0, 10, Slice.Kind.FULL),
                                        Slice.of(5, 25, 11, 31, Slice.Kind.BI_CAUSAL),
                                        Slice.of(30, 45, 30, 45, Slice.Kind.INVERSE_CAUSAL),
                                        Slice.of(32, 40, 2, 20, Slice.Kind.CAUSAL)))));
    }

    static Stream<Case> cases() {
        return Schedules.all().stream().flatMap(schedule -> masks().stream().map(mask -> new Case(schedule, mask)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void equalsTheOracleAtThePlannedCost(Case example) {
        for (PartitionRule partition : PartitionRule.values()) {
            for (int ranks : WORLD_SIZES) {
                Topology topology = topology(partition, ranks);
                Plan plan =
                        example.schedule.plan(example.schedule.problem(SHAPE, example.mask.mask, partition, topology));
                String what = example + ", " + partition + ", " + topology;
                boolean scalar = ranks == 3;
                check(example.schedule, plan, scalar ? Devices.Kind.SCALAR : Devices.Kind.CPU, what);
            }
        }
    }

    /** The slow ranks have few rows, or none. */
    @ParameterizedTest
    @MethodSource("cases")
    void equalsTheOracleOnRanksOfUnlikeSpeed(Case example) {
        for (PartitionRule partition : PartitionRule.values()) {
            for (Weights speeds : SPEEDS) {
                Topology topology = topology(partition, speeds.ranks());
                Plan plan = example.schedule.plan(
                        example.schedule.problem(SHAPE, example.mask.mask, partition, topology, speeds));
                String what = example + ", " + partition + " by " + speeds + ", " + topology;
                check(example.schedule, plan, Devices.Kind.CPU, what);
            }
        }
    }

    /** One node, two ranks a node, or neighbours on different nodes. */
    private static Topology topology(PartitionRule partition, int ranks) {
        return switch (partition) {
            case CONTIGUOUS, BALANCED -> Topology.singleNode(ranks);
            case ZIGZAG -> nodes(ranks, rank -> rank / 2);
            case STRIPED -> nodes(ranks, rank -> rank % 2);
        };
    }

    private static Topology nodes(int ranks, IntUnaryOperator nodeOf) {
        return new Topology(IntStream.range(0, ranks)
                .mapToObj(rank -> "node" + nodeOf.applyAsInt(rank))
                .toList());
    }

    private static void check(Schedule schedule, Plan plan, Devices.Kind device, String what) {
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, Scoring.of(8), 1);
            assertAsPlanned(run.run(device), plan, what);
            assertThat(run.judge()).as(what).matches(Accuracy::holds, "within the bounds");
            Plan backward = schedule.backward(plan.problem(), DType.F32);
            ShardedGradients gradients =
                    new ShardedGradients(arena, run, backward, ShardedRun.Layout.DENSE, DType.F32, 2);
            assertAsPlanned(gradients.run(device), backward, what + ", backward");
            assertThat(gradients.judge()).as(what).allMatch(GradientAccuracy::holds);
        }
    }

    private static void assertAsPlanned(List<Execution> executions, Plan plan, String what) {
        for (Execution execution : executions) {
            Prediction prediction = plan.prediction(execution.rank());
            String rank = what + ", rank " + execution.rank();
            assertThat(execution.traffic()).as(rank).isEqualTo(prediction.traffic());
            assertThat(execution.flops()).as(rank).isEqualTo(prediction.flops());
            assertThat(execution.peakTensorBytes()).as(rank).isEqualTo(prediction.peakTensorBytes());
        }
        long flops = executions.stream().mapToLong(Execution::flops).sum();
        long area = plan.problem().mask().area();
        assertThat(flops)
                .as(what)
                .isEqualTo(
                        plan.pass() == Pass.FORWARD
                                ? SHAPE.flops(area, SHAPE.heads())
                                : SHAPE.backwardFlops(area, SHAPE.heads()));
    }
}
