package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.schedule.DoubleRingAttention;
import org.ringwood.attention.schedule.HybridAttention;
import org.ringwood.attention.schedule.RingAttention;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;

/** Every schedule with every partition on random masks, shapes, nodes and strides, run without numbers. */
class PlanModelTest {
    private static final int CASES = 12;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8})
    void everyPlanAttendsWhatTheMaskAdmits(int ranks) {
        for (long seed = 0; seed < CASES; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            checkAll(RandomMasks.any(random, random.nextBoolean()), ranks, "seed " + seed, random);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 8})
    void fewerTokensThanRanksAreLegal(int ranks) {
        for (long seed = 0; seed < CASES; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RandomMasks.Case example = RandomMasks.flat(random, random.nextInt(ranks), random.nextInt(ranks));
            checkAll(example, ranks, "seed " + seed, random);
        }
    }

    private static void checkAll(RandomMasks.Case example, int ranks, String seed, RandomGenerator random) {
        for (PartitionRule rule : PartitionRule.values()) {
            Problem problem = problem(example.mask(), rule, ranks, random);
            List<Set<Operand>> strided = IntStream.range(0, ranks)
                    .mapToObj(rank -> anyOperands(random))
                    .toList();
            for (Schedule schedule : schedules(ranks)) {
                String what = seed + ": " + rule + " of " + example;
                check(schedule, schedule.plan(problem), strided, what);
                DType gradients = random.nextBoolean() ? DType.F32 : DType.F16;
                check(schedule, schedule.backward(problem, gradients), strided, what);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 64})
    void ringsHoldTheirShardAndTwoBlocksALevelAtMost(int ranks) {
        for (long seed = 0; seed < CASES; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RandomMasks.Case example = RandomMasks.any(random, random.nextBoolean());
            for (PartitionRule rule : PartitionRule.values()) {
                Problem problem = problem(example.mask(), rule, ranks, random);
                assertHoldsItsShardAndBlocks(2, new RingAttention().plan(problem), "seed " + seed + ", " + example);
                assertHoldsItsShardAndBlocks(
                        4, new DoubleRingAttention().plan(problem), "seed " + seed + ", " + example);
            }
        }
    }

    private static void assertHoldsItsShardAndBlocks(int blocks, Plan plan, String what) {
        long block = IntStream.range(0, plan.ranks())
                .mapToLong(rank -> bytes(plan.rank(rank), PlanModelTest::isShardOfKeysOrValues))
                .max()
                .orElseThrow();
        for (int rank = 0; rank < plan.ranks(); rank++) {
            long shard = bytes(plan.rank(rank), Buffer::isCallers) + bytes(plan.rank(rank), PlanModelTest::isState);
            assertThat(plan.prediction(rank).peakTensorBytes())
                    .as("%s: rank %d of %s", what, rank, plan)
                    .isLessThanOrEqualTo(shard + blocks * block);
        }
    }

    private static boolean isShardOfKeysOrValues(Buffer buffer) {
        return buffer.isCallers() && (buffer.operand() == Operand.KEYS || buffer.operand() == Operand.VALUES);
    }

    private static boolean isState(Buffer buffer) {
        return buffer.operand() == Operand.STATE;
    }

    private static long bytes(RankPlan rank, Predicate<Buffer> which) {
        return rank.buffers().stream().filter(which).mapToLong(Buffer::bytes).sum();
    }

    /** Hop from which keys travel only where they are needed. */
    static int firstBlockHop(Schedule schedule, Problem problem) {
        return switch (schedule) {
            case HybridAttention hybrid -> hybrid.headRanks(problem) > 1 ? 1 : 0;
            default -> schedule.name().equals("ulysses") ? 1 : 0;
        };
    }

    private static void check(Schedule schedule, Plan plan, List<Set<Operand>> strided, String what) {
        Problem problem = plan.problem();
        try {
            new PlanModel(plan, strided).check(firstBlockHop(schedule, problem));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    plan + ", " + what + ", nodes " + problem.topology().nodes() + ", strided " + strided, e);
        }
    }

    /** A schedule and a problem for it, with what it came of and what more may come of that. */
    interface Visitor {
        void visit(Schedule schedule, Problem problem, RandomGenerator random, String what);
    }

    /** Visits every schedule with every partition on some random masks. */
    static void forEachPlan(int cases, int ranks, Visitor visitor) {
        for (long seed = 0; seed < cases; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RandomMasks.Case example = RandomMasks.any(random, random.nextBoolean());
            for (PartitionRule rule : PartitionRule.values()) {
                Problem problem = problem(example.mask(), rule, ranks, random);
                for (Schedule schedule : schedules(ranks)) {
                    visitor.visit(schedule, problem, random, "seed " + seed + ": " + rule + " of " + example);
                }
            }
        }
    }

    /** All schedules, and those that cut the ranks with every way of doing so. */
    static List<Schedule> schedules(int ranks) {
        List<Schedule> schedules = new ArrayList<>(Schedules.all());
        IntStream.rangeClosed(1, ranks)
                .filter(part -> ranks % part == 0)
                .mapToObj(part -> List.of(new HybridAttention(part), new DoubleRingAttention(part)))
                .forEach(schedules::addAll);
        return schedules;
    }

    static Problem problem(Mask mask, PartitionRule rule, int ranks, RandomGenerator random) {
        int heads = 1 + random.nextInt(8);
        int kvHeads = 1 + random.nextInt(heads);
        AttentionShape shape = new AttentionShape(
                mask.queries(), mask.keys(), heads, kvHeads, 1 + random.nextInt(3), 1 + random.nextInt(3), DType.F16);
        Weights weights = weights(ranks, random);
        return new Problem(shape, mask, rule.queries(mask, weights), rule.keys(mask, weights), topology(ranks, random));
    }

    private static Weights weights(int ranks, RandomGenerator random) {
        int most = random.nextBoolean() ? 1 : 30;
        return Weights.of(random.ints(ranks, 1, most + 1).boxed().toList());
    }

    private static Topology topology(int ranks, RandomGenerator random) {
        int nodes = 1 + random.nextInt(3);
        boolean scattered = random.nextBoolean();
        return new Topology(IntStream.range(0, ranks)
                .mapToObj(rank -> "node" + (scattered ? random.nextInt(nodes) : rank * nodes / ranks))
                .toList());
    }

    static Set<Operand> anyOperands(RandomGenerator random) {
        EnumSet<Operand> operands = EnumSet.noneOf(Operand.class);
        for (Operand operand : Operand.values()) {
            if (operand != Operand.STATE && random.nextInt(4) == 0) {
                operands.add(operand);
            }
        }
        return operands;
    }
}
