package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
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
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.AttentionProblem;

/**
 * Sinks equal one more key, which the oracle can be given: heads are longer by one element for each query head, which is 1 in that head's
 * queries and the sink over the scale in the key; its value is 0.
 */
class SinkTest {
    private static final int RANKS = 3;
    private static final int TOKENS = 41;
    private static final int HEADS = 5;
    private static final int DIM = 8;
    private static final List<Float> SINKS = List.of(0f, 3.5f, -2f, Float.NEGATIVE_INFINITY, 20f);
    private static final AttentionShape SHAPE = new AttentionShape(TOKENS, TOKENS, HEADS, 2, DIM, 12, DType.F32);
    private static final Scoring SCORING = Scoring.of(DIM).withSinks(SINKS);
    private static final Mask MASK = Mask.causal(TOKENS, TOKENS);

    static Stream<Schedule> schedules() {
        return Schedules.all().stream();
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void areOneMoreKeyWithoutAValue(Schedule schedule) {
        check(schedule, SCORING);
    }

    /** A sink takes its share of all weights, dropped ones too, and is not dropped itself. */
    @ParameterizedTest
    @MethodSource("schedules")
    void areNotDropped(Schedule schedule) {
        check(schedule, SCORING.withDropout(0.4, 21));
    }

    private static void check(Schedule schedule, Scoring scoring) {
        try (Arena arena = Arena.ofShared()) {
            Plan plan = schedule.plan(schedule.problem(SHAPE, MASK, PartitionRule.ZIGZAG, Topology.singleNode(RANKS)));
            ShardedRun run = new ShardedRun(arena, plan, Layout.DENSE, scoring, 1);
            Plan backward = schedule.backward(plan.problem(), DType.F32);
            ShardedGradients gradients = new ShardedGradients(arena, run, backward, Layout.DENSE, DType.F32, 2);
            List<float[]> ofSinks = runBoth(schedule, plan, run, gradients);

            Extended oracle = new Extended(arena, run);
            assertThat(oracle.problem().judge(run.output(), run.lse())).matches(Accuracy::holds);
            oracle.assertDerivatives(backward, gradients);
            oracle.assertDerivatives(gradients, schedule.replicatesQueries() ? ofSinks.subList(0, 1) : ofSinks);
        }
    }

    /** Forward and backward as a trainer calls them; every rank's gradients of the sinks. */
    private static List<float[]> runBoth(Schedule schedule, Plan plan, ShardedRun run, ShardedGradients gradients) {
        float[][] ofSinks = new float[RANKS][];
        RankThreads.run(ProcessGroups.inProcess(Topology.singleNode(RANKS), ShardedRun.TIMEOUTS), group -> {
            int rank = group.rank();
            try (Device device = Devices.open(Devices.Kind.CPU, 1);
                    SequenceParallelAttention attention =
                            new SequenceParallelAttention(group, device, schedule, PartitionRule.ZIGZAG)) {
                Execution _ = attention.forward(plan, run.shard(rank), run.scoring());
                SavedAttention saved = attention.saved(plan, run.shard(rank), run.scoring());
                GradientTensors mine = gradients.shard(rank);
                ofSinks[rank] = saved.sinkGradients(mine.out());
                Execution _ = attention.backward(saved, mine.out(), mine.queries(), mine.keys(), mine.values());
            }
        });
        return List.of(ofSinks);
    }

    /** The problem with the sinks as a key. */
    private static final class Extended {
        private static final float STEP = 0x1p-8f;

        private final Arena arena;
        private final Dropout dropout;
        private final Tensor queries;
        private final Tensor keys;
        private final Tensor values;

        Extended(Arena arena, ShardedRun run) {
            this.arena = arena;
            dropout = run.scoring().dropout();
            queries = longer(run.queries(), TOKENS, DIM + HEADS);
            keys = longer(run.keys(), TOKENS + 1, DIM + HEADS);
            values = longer(run.values(), TOKENS + 1, 12);
            for (int head = 0; head < HEADS; head++) {
                for (int row = 0; row < TOKENS; row++) {
                    queries.set(row, head, DIM + head, 1);
                }
                for (int keyHead = 0; keyHead < 2; keyHead++) {
                    keys.set(TOKENS, keyHead, DIM + head, Math.max(-1e4f, SINKS.get(head)) / SCORING.scale());
                }
            }
        }

        AttentionProblem problem() {
            List<Slice> slices = new ArrayList<>(MASK.slices());
            slices.add(Slice.full(0, TOKENS, TOKENS, TOKENS + 1));
            return new AttentionProblem(queries, keys, values, slices, SCORING.scale(), 0, dropout);
        }

        /** The tensor with more rows and elements, which are 0. */
        private Tensor longer(Tensor tensor, int rows, int dim) {
            Tensor longer = Layout.DENSE.allocate(arena, DType.F32, rows, tensor.heads(), dim);
            float[] values = new float[tensor.dim()];
            for (long row = 0; row < tensor.tokens(); row++) {
                for (int head = 0; head < tensor.heads(); head++) {
                    tensor.read(row, head, values, 0);
                    longer.elements(0, tensor.dim()).write(row, head, values, 0);
                }
            }
            return longer;
        }

        /** The sum of all outputs times their gradients, in f64. */
        private double loss(Tensor outGradients) {
            AttentionProblem problem = problem();
            double loss = 0;
            for (int row = 0; row < TOKENS; row++) {
                for (int head = 0; head < HEADS; head++) {
                    double[] out = problem.oracle(row, head).exact().out();
                    for (int i = 0; i < out.length; i++) {
                        loss += out[i] * outGradients.get(row, head, i);
                    }
                }
            }
            return loss;
        }

        private double derivative(Tensor of, long row, int head, int i, Tensor outGradients) {
            float before = of.get(row, head, i);
            of.set(row, head, i, before + STEP);
            double above = loss(outGradients);
            double upper = of.get(row, head, i);
            of.set(row, head, i, before - STEP);
            double derivative = (above - loss(outGradients)) / (upper - of.get(row, head, i));
            of.set(row, head, i, before);
            return derivative;
        }

        /** Of some elements of every rank. */
        void assertDerivatives(Plan backward, ShardedGradients gradients) {
            for (int rank = 0; rank < RANKS; rank++) {
                long row = backward.keyPositions(rank).rows() / 2;
                long query = backward.queryPositions(rank).position(row);
                long key = backward.keyPositions(rank).position(row);
                GradientTensors mine = gradients.shard(rank);
                assertDerivative(mine.queries().get(row, 1, 2), queries, query, 1, 2, gradients);
                assertDerivative(mine.keys().get(row, 1, 3), keys, key, 1, 3, gradients);
                assertDerivative(mine.values().get(row, 0, 11), values, key, 0, 11, gradients);
            }
        }

        /** The gradient of a sink is that of its place in the key, over the scale. */
        void assertDerivatives(ShardedGradients gradients, List<float[]> ofSinks) {
            for (int head = 0; head < HEADS; head++) {
                float sum = 0;
                for (float[] rank : ofSinks) {
                    sum += rank[head];
                }
                int keyHead = head * 2 / HEADS;
                assertDerivative(sum * SCORING.scale(), keys, TOKENS, keyHead, DIM + head, gradients);
            }
        }

        private void assertDerivative(
                float gradient, Tensor of, long row, int head, int i, ShardedGradients gradients) {
            assertThat((double) gradient)
                    .as("row %d, head %d, element %d", row, head, i)
                    .isCloseTo(derivative(of, row, head, i, gradients.outGradients()), within(2e-4));
        }
    }

    @Test
    void oneIsWantedForEachHead() {
        Schedule ring = Schedules.named("ring");
        Plan plan = ring.plan(ring.problem(SHAPE, MASK, PartitionRule.ZIGZAG, Topology.singleNode(1)));
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run =
                    new ShardedRun(arena, plan, Layout.DENSE, Scoring.of(DIM).withSinks(List.of(1f, 2f)), 1);
            assertThatThrownBy(() -> run.run(Devices.Kind.CPU))
                    .hasMessageContaining("rank 0 gave 2 sink logits")
                    .hasMessageContaining("5 query heads; give one for each");
        }
    }
}
