package org.ringwood.attention.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;

class PlanPropertiesTest {
    private record Sent(int from, int to, int hop, int tag, long bytes, long digest) {}

    static List<Schedule> schedules() {
        return Schedules.all();
    }

    /** Every message has one sender and one receiver who mean the same; every dependency points back. */
    @ParameterizedTest
    @MethodSource("schedules")
    void plansOfAllRanksFitTogether(Schedule schedule) {
        long seed = new SplittableRandom().nextLong();
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 200; round++) {
            Plan plan = schedule.plan(random(schedule, random));
            List<Sent> sent = new ArrayList<>();
            List<Sent> received = new ArrayList<>();
            for (int rank = 0; rank < plan.ranks(); rank++) {
                collect(plan.rank(rank), sent, received);
            }
            assertThat(received).as("seed %d, round %d", seed, round).containsExactlyInAnyOrderElementsOf(sent);
            assertThat(sent).as("seed %d, round %d", seed, round).doesNotHaveDuplicates();
        }
    }

    private static void collect(RankPlan plan, List<Sent> sent, List<Sent> received) {
        for (int id = 0; id < plan.steps().size(); id++) {
            Step step = plan.steps().get(id);
            assertThat(step.id()).isEqualTo(id);
            assertThat(step.after()).allMatch(before -> before < step.id());
            if (step instanceof Step.Send send) {
                sent.add(new Sent(
                        plan.rank(),
                        send.peer(),
                        send.hop(),
                        send.tag(),
                        send.part().bytes(),
                        send.part().digest()));
                assertThat(send.part().bytes()).isPositive();
            } else if (step instanceof Step.Receive receive) {
                received.add(new Sent(
                        receive.peer(),
                        plan.rank(),
                        receive.hop(),
                        receive.tag(),
                        receive.part().bytes(),
                        receive.part().digest()));
            }
        }
    }

    private static Problem random(Schedule schedule, SplittableRandom random) {
        long tokens = random.nextInt(60);
        int ranks = 1 + random.nextInt(9);
        int heads = 1 + random.nextInt(8);
        AttentionShape shape = new AttentionShape(tokens, tokens, heads, 1 + random.nextInt(heads), 4, 8, DType.F16);
        MaskRule rule = switch (random.nextInt(4)) {
            case 0 -> MaskRule.full();
            case 1 -> MaskRule.causal();
            case 2 -> MaskRule.window(random.nextInt(20), random.nextInt(5), random.nextInt(4));
            default -> MaskRule.causal().inDocuments(List.of(0L, tokens / 3, tokens / 2, tokens));
        };
        PartitionRule[] partitions = PartitionRule.values();
        Topology topology = new Topology(IntStream.range(0, ranks)
                .mapToObj(rank -> "node" + random.nextInt(3))
                .toList());
        return schedule.problem(
                shape, rule.over(tokens, tokens), partitions[random.nextInt(partitions.length)], topology);
    }

    /** Which side travels is chosen by sums that no move is made for. */
    @Test
    void rowsUnderWayAreThoseOfAllMoves() {
        long seed = new SplittableRandom().nextLong();
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 200; round++) {
            Problem problem = random(new RingAttention(), random);
            List<Arrangement> arrangements = List.of(
                    Arrangement.ring(problem, 1),
                    Arrangement.doubleRing(problem, problem.ranks() % 2 == 0 ? 2 : 1),
                    Arrangement.gather(problem));
            for (Arrangement arrangement : arrangements) {
                for (Side side : Side.values()) {
                    Circulation circulation = arrangement.circulation(side);
                    assertThat(circulation.rowsSent())
                            .as("seed %d, round %d, %s", seed, round, side)
                            .isEqualTo(rows(problem, circulation::sends));
                    assertThat(circulation.rowsReturned())
                            .as("seed %d, round %d, %s back", seed, round, side)
                            .isEqualTo(rows(problem, circulation::returns));
                }
            }
        }
    }

    private static long rows(Problem problem, IntFunction<List<Circulation.Move>> ofGroup) {
        return IntStream.range(0, problem.ranks())
                .mapToObj(ofGroup)
                .flatMap(List::stream)
                .mapToLong(move -> move.rows().size())
                .sum();
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void equalProblemsGiveEqualPlans(Schedule schedule) {
        Problem problem = random(schedule, new SplittableRandom(5));
        Plan one = schedule.plan(problem);
        Plan two = schedule.plan(problem);
        for (int rank = 0; rank < problem.ranks(); rank++) {
            assertThat(one.rank(rank)).isEqualTo(two.rank(rank));
        }
    }

    /** Bytes across nodes: neighbours of the ring lie on one node, however ranks are numbered. */
    @Test
    void ringsGoNodeByNode() {
        AttentionShape shape = new AttentionShape(64, 64, 2, 2, 4, 4, DType.F32);
        Topology interleaved = new Topology(List.of("a", "b", "a", "b"));
        Schedule ring = new RingAttention();
        Plan plan = ring.plan(ring.problem(shape, Mask.full(64, 64), PartitionRule.CONTIGUOUS, interleaved));
        assertThat(plan.predictions().stream().filter(p -> p.traffic().bytesAcrossNodes() > 0))
                .hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "a a a a, 4",
        "a a b b, 2",
        "a b a b, 2",
        "a a a b, 1",
        "a b b b b b, 1",
        "a a a a b b, 2",
        "a b a b a b, 3",
        "a, 1"
    })
    void innerRingsLieWithinNodes(String nodes, int innerRanks) {
        Topology topology = new Topology(List.of(nodes.split(" ")));
        AttentionShape shape = new AttentionShape(64, 64, 2, 2, 4, 4, DType.F32);
        DoubleRingAttention rings = new DoubleRingAttention();
        Problem problem = rings.problem(shape, Mask.full(64, 64), PartitionRule.CONTIGUOUS, topology);
        assertThat(rings.innerRanks(problem)).isEqualTo(innerRanks);
    }

    /** One node, or no two nodes that could be cut alike. */
    @ParameterizedTest
    @ValueSource(strings = {"a a a a", "a a a b", "a b c d", "a b b a b", "a"})
    void aDoubleRingOfOneLevelIsTheRing(String nodes) {
        Topology topology = new Topology(List.of(nodes.split(" ")));
        AttentionShape shape = new AttentionShape(64, 64, 2, 2, 4, 4, DType.F32);
        Schedule ring = new RingAttention();
        Problem problem = ring.problem(shape, Mask.causal(64, 64), PartitionRule.ZIGZAG, topology);
        assertThat(new DoubleRingAttention().plan(problem).predictions())
                .isEqualTo(ring.plan(problem).predictions());
    }

    /** By hand, 64 keys on 2 nodes × 2: a window of 20 needs all of the shard before, and 4 rows of the one before that. */
    @Test
    void onlyRowsThatAreNeededCrossADoubleRing() {
        AttentionShape shape = new AttentionShape(64, 64, 1, 1, 4, 4, DType.F32);
        Topology topology = new Topology(List.of("a", "a", "b", "b"));
        Schedule rings = new DoubleRingAttention();
        Plan plan = rings.plan(
                rings.problem(shape, MaskRule.window(20, 0, 0).over(64, 64), PartitionRule.CONTIGUOUS, topology));
        long row = 2 * 4 * 4;
        assertThat(plan.predictions().stream()
                        .map(prediction -> prediction.traffic().bytesAcrossNodes()))
                .containsExactly(4 * row, 16 * row, 0L, 0L);
        assertThat(plan.predictions().stream()
                        .map(prediction -> prediction.traffic().bytesWithinNode()))
                .containsExactly(16 * row, 0L, 16 * row, 16 * row);
    }

    @Test
    void aRingTurnsTheWayThatSendsLess() {
        AttentionShape shape = new AttentionShape(64, 64, 2, 2, 4, 4, DType.F32);
        Mask ahead = MaskRule.window(0, 10, 0).over(64, 64);
        Schedule ring = new RingAttention();
        Plan plan = ring.plan(ring.problem(shape, ahead, PartitionRule.CONTIGUOUS, Topology.singleNode(4)));
        assertThat(plan.prediction(0).traffic().bytes()).isZero();
        assertThat(plan.prediction(3).traffic().bytes()).isEqualTo(10L * 2 * 8 * 4);
    }

    @Test
    void aThousandRanksCanBePlanned() {
        long tokens = 1L << 20;
        AttentionShape shape = new AttentionShape(tokens, tokens, 32, 8, 128, 128, DType.BF16);
        Mask mask = Mask.causal(tokens, tokens);
        for (Schedule schedule : List.of(new RingAttention(), new HybridAttention(), new TreeAttention())) {
            Plan plan = schedule.plan(schedule.problem(shape, mask, PartitionRule.ZIGZAG, Topology.singleNode(1024)));
            assertThat(plan.prediction(517).flops()).isPositive();
            assertThat(plan.steps(1023)).isNotEmpty();
        }
    }

    @Test
    void operationsBeyond63BitsAreCountedAsTheLargestNumber() {
        long tokens = 64L << 20;
        AttentionShape shape = new AttentionShape(tokens, tokens, 128, 8, 128, 128, DType.BF16);
        Mask mask = Mask.causal(tokens, tokens);
        Schedule ring = new RingAttention();
        assertThat(ring.plan(ring.problem(shape, mask, PartitionRule.ZIGZAG, Topology.singleNode(8)))
                        .predictions())
                .allSatisfy(prediction -> assertThat(prediction.flops()).isEqualTo(Long.MAX_VALUE));
        assertThat(shape.flops(mask.area(), 128)).isEqualTo(Long.MAX_VALUE);
        assertThat(shape.flops(1L << 46, 128)).isEqualTo(1L << 62);
        assertThat(shape.flops((1L << 47) - 1, 128)).isEqualTo(((1L << 47) - 1) << 16);
        assertThat(shape.flops(1L << 47, 128)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void hybridChoosesHeadRanksWithinNodesAndHeads() {
        assertThat(chosen(8, 8, Topology.singleNode(4))).isEqualTo(2);
        assertThat(chosen(8, 8, Topology.singleNode(8))).isEqualTo(4);
        assertThat(chosen(8, 2, Topology.singleNode(8))).isEqualTo(2);
        assertThat(chosen(8, 8, Topology.singleNode(7))).isEqualTo(1);
        assertThat(chosen(8, 8, new Topology(List.of("a", "b", "c", "a", "b", "c", "a", "b"))))
                .isEqualTo(1);
        assertThat(chosen(8, 8, new Topology(List.of("a", "a", "b", "b", "c", "c"))))
                .isEqualTo(2);
    }

    private static int chosen(int heads, int keyHeads, Topology topology) {
        AttentionShape shape = new AttentionShape(16, 16, heads, keyHeads, 4, 4, DType.F32);
        HybridAttention hybrid = new HybridAttention();
        return hybrid.headRanks(hybrid.problem(shape, Mask.full(16, 16), PartitionRule.CONTIGUOUS, topology));
    }

    @Test
    void whatDoesNotFitTogetherIsRefusedInASentence() {
        AttentionShape shape = new AttentionShape(16, 16, 2, 2, 4, 4, DType.F32);
        Topology two = Topology.singleNode(2);
        assertThatThrownBy(() -> new RingAttention().problem(shape, Mask.full(16, 17), PartitionRule.CONTIGUOUS, two))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("16 queries and 17 keys");
        assertThatThrownBy(() -> Schedules.named("rong"))
                .hasMessageContaining("ring, double-ring, tree, ulysses, hybrid, gather");
        assertThatThrownBy(() -> {
                    HybridAttention hybrid = new HybridAttention(3);
                    hybrid.plan(hybrid.problem(shape, Mask.full(16, 16), PartitionRule.CONTIGUOUS, two));
                })
                .hasMessageContaining("2 ranks cannot be cut into groups of 3");
        assertThatThrownBy(() -> {
                    DoubleRingAttention rings = new DoubleRingAttention(3);
                    rings.plan(rings.problem(shape, Mask.full(16, 16), PartitionRule.CONTIGUOUS, two));
                })
                .hasMessageContaining("2 ranks cannot be cut into rings of 3");
        assertThatThrownBy(() -> new AttentionShape(1, 1, 2, 3, 4, 4, DType.F32))
                .hasMessageContaining("3 key heads");
    }
}
