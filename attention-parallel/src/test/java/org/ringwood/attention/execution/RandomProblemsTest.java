package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.Weights;
import org.ringwood.attention.execution.ShardedRun.Layout;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.HybridAttention;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.GradientAccuracy;

/** Random problems of every kind equal the oracle, at the planned traffic; failures print the seed. */
class RandomProblemsTest {
    private final long seed = new SplittableRandom().nextLong();
    private final SplittableRandom random = new SplittableRandom(seed);

    @RepeatedTest(40)
    void equalsTheOracle() {
        long queries = random.nextInt(50);
        long keys = random.nextBoolean() ? queries : random.nextInt(50);
        int heads = 1 + random.nextInt(7);
        AttentionShape shape = new AttentionShape(
                queries,
                keys,
                heads,
                1 + random.nextInt(heads),
                1 + random.nextInt(20),
                1 + random.nextInt(20),
                any(DType.values()));
        Mask mask = mask(queries, keys);
        Layout layout = any(Layout.values());
        int ranks = 1 + random.nextInt(8);
        Topology topology = topology(ranks);
        for (Schedule schedule : Schedules.all()) {
            check(schedule, plan(schedule, shape, mask, topology), layout);
        }
        int headRanks = IntStream.rangeClosed(1, ranks)
                .filter(u -> ranks % u == 0)
                .skip(random.nextInt(2))
                .findFirst()
                .orElse(ranks);
        Schedule hybrid = new HybridAttention(headRanks);
        check(hybrid, plan(hybrid, shape, mask, topology), layout);
    }

    private Plan plan(Schedule schedule, AttentionShape shape, Mask mask, Topology topology) {
        PartitionRule partition = any(PartitionRule.values());
        return schedule.plan(schedule.problem(shape, mask, partition, topology, speeds(topology.size())));
    }

    private Weights speeds(int ranks) {
        int most = random.nextBoolean() ? 1 : 30;
        return Weights.of(random.ints(ranks, 1, most + 1).boxed().toList());
    }

    private <T> T any(T[] values) {
        return values[random.nextInt(values.length)];
    }

    private Mask mask(long queries, long keys) {
        return switch (random.nextInt(4)) {
            case 0 -> Mask.full(queries, keys);
            case 1 -> Mask.causal(queries, keys);
            case 2 ->
                MaskRule.window(random.nextInt(20), random.nextInt(10), random.nextInt(6))
                        .over(queries, keys);
            default -> cells(queries, keys);
        };
    }

    /** Some cells of a grid, each with a slice of any kind. */
    private Mask cells(long queries, long keys) {
        List<Slice> slices = new ArrayList<>();
        for (long q = 0; q < queries; q += 11) {
            for (long k = 0; k < keys; k += 7) {
                if (random.nextInt(3) == 0) {
                    Slice.Kind kind = any(Slice.Kind.values());
                    slices.add(Slice.of(q, Math.min(q + 11, queries), k, Math.min(k + 7, keys), kind));
                }
            }
        }
        return Mask.of(queries, keys, slices);
    }

    private Topology topology(int ranks) {
        return new Topology(IntStream.range(0, ranks)
                .mapToObj(rank -> "node" + random.nextInt(2))
                .toList());
    }

    /** Where hardly a weight is kept, the error of plain arithmetic is an accident and no yardstick. */
    private Scoring scoring(int dim) {
        float softcap = random.nextBoolean() ? 0 : (float) random.nextDouble(1, 9);
        double rate = random.nextBoolean() ? 0 : random.nextDouble(0.4);
        return new Scoring(Scoring.of(dim).scale(), softcap).withDropout(rate, random.nextLong());
    }

    private void check(Schedule schedule, Plan plan, Layout layout) {
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run =
                    new ShardedRun(arena, plan, layout, scoring(plan.shape().dim()), seed);
            assertTraffic(plan, run.run(Devices.Kind.CPU));
            assertThat(run.judge()).as("seed %d: %s", seed, plan).matches(Accuracy::holds, "within the bounds");
            DType dtype = random.nextBoolean() ? DType.F32 : plan.shape().dtype();
            Plan backward = schedule.backward(plan.problem(), dtype);
            ShardedGradients gradients = new ShardedGradients(arena, run, backward, layout, dtype, seed + 1);
            assertTraffic(backward, gradients.run(Devices.Kind.CPU));
            assertThat(gradients.judge())
                    .as("seed %d: %s to %s", seed, backward, dtype)
                    .allMatch(GradientAccuracy::holds);
        }
    }

    private void assertTraffic(Plan plan, List<Execution> executions) {
        for (Execution execution : executions) {
            assertThat(execution.traffic())
                    .as("seed %d: %s, rank %d", seed, plan, execution.rank())
                    .isEqualTo(plan.prediction(execution.rank()).traffic());
        }
    }
}
