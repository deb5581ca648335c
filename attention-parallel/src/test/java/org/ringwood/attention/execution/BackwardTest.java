package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.scalar.GradientAccuracy;

/** Forward and backward passes as a trainer calls them: many open at a time, and all ways of calling them wrongly. */
class BackwardTest {
    private static final int RANKS = 3;
    private static final int CULPRIT = 1;
    private static final long TOKENS = 50;
    private static final AttentionShape SHAPE = new AttentionShape(TOKENS, TOKENS, 4, 2, 8, 12, DType.BF16);

    /** A layer, ready for forward and backward on all ranks. */
    private record Layer(Plan plan, ShardedRun run, ShardedGradients gradients) {
        static Layer of(Arena arena, Schedule schedule, Mask mask, long seed) {
            Plan plan = schedule.plan(schedule.problem(SHAPE, mask, PartitionRule.ZIGZAG, Topology.singleNode(RANKS)));
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, Scoring.of(8), seed);
            Plan backward = schedule.backward(plan.problem(), DType.F32);
            return new Layer(
                    plan,
                    run,
                    new ShardedGradients(arena, run, backward, ShardedRun.Layout.FUSED, DType.F32, seed + 1));
        }

        SavedAttention forward(SequenceParallelAttention attention, int rank) {
            AttentionTensors mine = run.shard(rank);
            return attention.forward(plan, mine.queries(), mine.keys(), mine.values(), mine.out());
        }

        void backward(SequenceParallelAttention attention, SavedAttention saved, int rank) {
            GradientTensors mine = gradients.shard(rank);
            Execution execution = attention.backward(saved, mine.out(), mine.queries(), mine.keys(), mine.values());
            assertThat(execution.schedule()).isEqualTo(plan.schedule());
        }
    }

    /** What a rank does. */
    private interface Program {
        void run(SequenceParallelAttention attention, int rank);
    }

    private static List<Optional<Throwable>> run(Schedule schedule, Program program) {
        return RankThreads.outcomes(ProcessGroups.inProcess(Topology.singleNode(RANKS), ShardedRun.TIMEOUTS), group -> {
            try (Device device = Devices.open(Devices.Kind.CPU, 1);
                    SequenceParallelAttention attention =
                            new SequenceParallelAttention(group, device, schedule, PartitionRule.ZIGZAG)) {
                program.run(attention, group.rank());
            }
        });
    }

    /** Micro-batches with documents of their own, whose layers are attended one after the other and differentiated the other way round. */
    @ParameterizedTest
    @ValueSource(strings = {"ring", "double-ring", "gather", "ulysses", "hybrid", "tree"})
    void manyAttentionsAreOpenAtATime(String name) {
        Schedule schedule = Schedules.named(name);
        List<Mask> masks = List.of(
                MaskRule.causal().inDocuments(List.of(0L, 1L, 1L, 17L, 50L)).over(TOKENS, TOKENS),
                MaskRule.window(9, 0, 0).inDocuments(List.of(0L, 31L, 50L)).over(TOKENS, TOKENS),
                Mask.causal(TOKENS, TOKENS));
        try (Arena arena = Arena.ofShared()) {
            List<Layer> layers = masks.stream()
                    .map(mask -> Layer.of(arena, schedule, mask, 5 + mask.area()))
                    .toList();
            List<Optional<Throwable>> outcomes = run(schedule, (attention, rank) -> {
                List<SavedAttention> saved = new ArrayList<>();
                layers.forEach(layer -> saved.add(layer.forward(attention, rank)));
                for (int layer = layers.size() - 1; layer >= 0; layer--) {
                    layers.get(layer).backward(attention, saved.get(layer), rank);
                }
            });
            assertThat(outcomes).allMatch(Optional::isEmpty);
            for (Layer layer : layers) {
                assertThat(layer.gradients.judge()).as("%s", layer.plan).allMatch(GradientAccuracy::holds);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "ulysses", "tree"})
    void theSameInputsGiveTheSameBits(String name) {
        Schedule schedule = Schedules.named(name);
        try (Arena arena = Arena.ofShared()) {
            Layer layer = Layer.of(arena, schedule, Mask.causal(TOKENS, TOKENS), 3);
            List<List<Integer>> bits = new ArrayList<>();
            for (int time = 0; time < 3; time++) {
                Program once = (attention, rank) -> layer.backward(attention, layer.forward(attention, rank), rank);
                assertThat(run(schedule, once)).allMatch(Optional::isEmpty);
                bits.add(bits(layer.gradients.shard(CULPRIT)));
            }
            assertThat(bits.get(1)).isEqualTo(bits.getFirst());
            assertThat(bits.get(2)).isEqualTo(bits.getFirst());
        }
    }

    private static List<Integer> bits(GradientTensors gradients) {
        List<Integer> bits = new ArrayList<>();
        for (Tensor tensor : List.of(gradients.queries(), gradients.keys(), gradients.values())) {
            for (long row = 0; row < tensor.tokens(); row++) {
                for (int head = 0; head < tensor.heads(); head++) {
                    for (int i = 0; i < tensor.dim(); i++) {
                        bits.add(Float.floatToRawIntBits(tensor.get(row, head, i)));
                    }
                }
            }
        }
        return bits;
    }

    private record Offence(Layer layer, SavedAttention saved, GradientTensors gradients) {
        void backward(SequenceParallelAttention attention) {
            layer.backward(attention, saved, CULPRIT);
        }
    }

    /** A forward pass on all ranks, after which one rank does something else than the others. */
    private static void assertRefused(
            BiConsumer<SequenceParallelAttention, Offence> offence, Class<? extends Throwable> type, String... words) {
        Schedule schedule = Schedules.named("ring");
        try (Arena arena = Arena.ofShared()) {
            Layer layer = Layer.of(arena, schedule, Mask.full(TOKENS, TOKENS), 3);
            List<Optional<Throwable>> outcomes = run(schedule, (attention, rank) -> {
                SavedAttention saved = layer.forward(attention, rank);
                if (rank == CULPRIT) {
                    offence.accept(attention, new Offence(layer, saved, layer.gradients.shard(rank)));
                } else {
                    layer.backward(attention, saved, rank);
                }
            });
            assertThat(outcomes.get(CULPRIT))
                    .get()
                    .satisfies(thrown -> assertThat(thrown).isInstanceOf(type).hasMessageContainingAll(words));
            for (int rank : new int[] {0, 2}) {
                assertThat(outcomes.get(rank))
                        .get()
                        .satisfies(thrown -> assertThat(thrown)
                                .isInstanceOf(GroupFailureException.class)
                                .hasMessageContaining("rank " + CULPRIT)
                                .hasMessageContainingAll(words));
            }
        }
    }

    private static void assertAllSay(List<Optional<Throwable>> outcomes, String words) {
        assertThat(outcomes)
                .allSatisfy(outcome -> assertThat(outcome)
                        .get()
                        .satisfies(thrown -> assertThat(thrown).hasMessageContaining(words)));
    }

    @Test
    void whatWasClosedIsNotDifferentiated() {
        assertRefused(
                (attention, offence) -> {
                    offence.saved.close();
                    offence.backward(attention);
                },
                IllegalStateException.class,
                "rank 1 differentiates an attention that was closed already",
                "attend again");
    }

    @Test
    void whatWasUsedUpIsNotDifferentiatedAgain() {
        Schedule schedule = Schedules.named("gather");
        try (Arena arena = Arena.ofShared()) {
            Layer layer = Layer.of(arena, schedule, Mask.causal(TOKENS, TOKENS), 3);
            List<Optional<Throwable>> outcomes = run(schedule, (attention, rank) -> {
                SavedAttention saved = layer.forward(attention, rank);
                layer.backward(attention, saved, rank);
                layer.backward(attention, saved, rank);
            });
            assertAllSay(outcomes, "was differentiated already");
        }
    }

    @Test
    void anAttentionIsDifferentiatedByWhoMadeIt() {
        Schedule schedule = Schedules.named("ring");
        try (Arena arena = Arena.ofShared()) {
            Layer layer = Layer.of(arena, schedule, Mask.full(TOKENS, TOKENS), 3);
            SavedAttention[] made = new SavedAttention[RANKS];
            assertThat(run(schedule, (attention, rank) -> made[rank] = layer.forward(attention, rank)))
                    .allMatch(Optional::isEmpty);
            List<Optional<Throwable>> outcomes =
                    run(schedule, (attention, rank) -> layer.backward(attention, made[rank], rank));
            assertAllSay(outcomes, "of another SequenceParallelAttention");
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY})
    void gradientsOfTheOutputMustBeFinite(float value) {
        assertRefused(
                (attention, offence) -> {
                    offence.gradients.out().set(2, 3, 11, value);
                    offence.backward(attention);
                },
                IllegalArgumentException.class,
                "rank 1: the gradient of the output is " + value + " at [token, head, element] = [");
    }

    /** Trainers that scale their loss look for them afterwards. */
    @Test
    void nonFiniteGradientsArePropagatedIfAllowed() {
        Schedule schedule = Schedules.named("ring");
        try (Arena arena = Arena.ofShared()) {
            Layer layer = Layer.of(arena, schedule, Mask.causal(TOKENS, TOKENS), 3);
            layer.gradients.shard(CULPRIT).out().set(2, 3, 11, Float.NaN);
            List<Optional<Throwable>> outcomes = run(schedule, (attention, rank) -> {
                attention.refuseNonFinite(false);
                layer.backward(attention, layer.forward(attention, rank), rank);
            });
            assertThat(outcomes).allMatch(Optional::isEmpty);
            Tensor queries = layer.gradients.shard(CULPRIT).queries();
            assertThat(queries.get(2, 3, 0)).isNaN();
            assertThat(queries.get(2, 2, 0)).isFinite();
        }
    }

    @Test
    void gradientsOfAnotherShapeAreRefused() {
        assertRefused(
                (attention, offence) -> attention.backward(
                        offence.saved,
                        offence.gradients.out(),
                        offence.gradients.queries(),
                        offence.gradients.values(),
                        offence.gradients.values()),
                IllegalArgumentException.class,
                "rank 1 gave key gradients of F32 [",
                ", 2, 12]",
                "wants F32 [");
    }

    @Test
    void gradientsOfAForeignDTypeAreRefused() {
        try (Arena arena = Arena.ofShared()) {
            Tensor half = ShardedRun.Layout.DENSE.allocate(arena, DType.F16, 17, 4, 8);
            assertRefused(
                    (attention, offence) -> attention.backward(
                            offence.saved,
                            offence.gradients.out(),
                            half,
                            offence.gradients.keys(),
                            offence.gradients.values()),
                    IllegalArgumentException.class,
                    "rank 1 wants gradients of F16 of BF16 tensors; take F32 or BF16");
        }
    }

    /** One rank has its layers in another order. */
    @Test
    void ranksThatDifferentiateDifferentAttentionsDisagree() {
        Schedule schedule = Schedules.named("ring");
        try (Arena arena = Arena.ofShared()) {
            List<Layer> layers = List.of(
                    Layer.of(arena, schedule, Mask.full(TOKENS, TOKENS), 3),
                    Layer.of(arena, schedule, Mask.causal(TOKENS, TOKENS), 4));
            List<Optional<Throwable>> outcomes = run(schedule, (attention, rank) -> {
                List<SavedAttention> saved = layers.stream()
                        .map(layer -> layer.forward(attention, rank))
                        .toList();
                int mine = rank == CULPRIT ? 1 : 0;
                layers.get(mine).backward(attention, saved.get(mine), rank);
            });
            assertThat(outcomes)
                    .allSatisfy(outcome -> assertThat(outcome)
                            .get()
                            .isInstanceOfSatisfying(
                                    GroupFailureException.class,
                                    thrown -> assertThat(thrown.failure().cause())
                                            .isEqualTo(Failure.Cause.DISAGREEMENT)));
        }
    }
}
