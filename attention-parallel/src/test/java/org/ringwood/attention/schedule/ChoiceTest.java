package org.ringwood.attention.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.Partition;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Prediction;
import org.ringwood.attention.plan.Problem;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.DType;

class ChoiceTest {
    private static final Topology FOUR = Topology.singleNode(4);

    private static Choice choice(AttentionShape shape, Mask mask, CostModel model) {
        return Choice.of(shape, mask, FOUR, Schedules.all(), List.of(PartitionRule.values()), model);
    }

    @Test
    void decodingTakesTheTree() {
        AttentionShape shape = new AttentionShape(1, 100_000, 8, 8, 64, 64, DType.F32);
        Choice choice = choice(shape, Mask.causal(1, 100_000), CostModel.cpu(1));
        assertThat(choice.best().schedule().name()).isEqualTo("tree");
        assertThat(choice.reason()).contains("tree").contains("predicted").contains("bytes");
    }

    @Test
    void longCausalAttentionIsBalancedAndHidesTheNetwork() {
        AttentionShape shape = new AttentionShape(65536, 65536, 8, 8, 64, 64, DType.F32);
        Mask mask = Mask.causal(65536, 65536);
        Choice choice = choice(shape, mask, CostModel.cpu(1));
        double ideal = shape.flops(mask.area(), 8) / 4.0 / 100e9;
        assertThat(choice.best().seconds()).isBetween(ideal * 0.999999, ideal * 1.05);
        assertThat(choice.best().plan().imbalance()).isLessThan(1.05);
        assertThat(choice.candidates())
                .hasSize(Schedules.all().size() * PartitionRule.values().length)
                .isSortedAccordingTo((a, b) -> Double.compare(a.seconds(), b.seconds()));
    }

    @Test
    void amongEquallyFastTheSmallestWins() {
        AttentionShape shape = new AttentionShape(65536, 65536, 1, 1, 64, 64, DType.F32);
        List<Schedule> two = List.of(new GatherAttention(), new RingAttention());
        Choice choice = Choice.of(
                shape, Mask.full(65536, 65536), FOUR, two, List.of(PartitionRule.CONTIGUOUS), CostModel.cpu(1));
        assertThat(choice.best().schedule().name()).isEqualTo("ring");
    }

    @Test
    void highLatencyPrefersFewHops() {
        AttentionShape shape = new AttentionShape(4096, 4096, 1, 1, 64, 64, DType.F32);
        Mask window = MaskRule.window(64, 0, 64).over(4096, 4096);
        CostModel slow = new CostModel(1e12, 1e9, 1e9, 0.1);
        List<Schedule> two = List.of(new RingAttention(), new GatherAttention());
        Choice choice = Choice.of(shape, window, FOUR, two, List.of(PartitionRule.CONTIGUOUS), slow);
        assertThat(choice.best().schedule().name()).isEqualTo("gather");
    }

    /** By hand: the ring hides all but nothing of three blocks behind four attentions, Ulysses waits for its exchange. */
    @Test
    void overlapIsSeen() {
        AttentionShape shape = new AttentionShape(400, 400, 4, 4, 50, 50, DType.F32);
        Mask mask = Mask.full(400, 400);
        double attend = shape.flops(100 * 100, 4) / 1e9;
        double block = 100 * 4 * 100 * 4 / 1e9;
        CostModel fast = new CostModel(1e9, 1e9, 1e9, 0);
        assertThat(seconds(new RingAttention(), shape, mask, fast)).isEqualTo(4 * attend, within());
        CostModel slow = new CostModel(1e9, 1e6, 1e6, 0);
        assertThat(seconds(new RingAttention(), shape, mask, slow)).isEqualTo(3 * block * 1e3 + attend, within());
        double exchange = (3 * 100 * 150 * 4 + 3 * 100 * (50 * 4 + 4)) / 1e9;
        assertThat(seconds(new UlyssesAttention(), shape, mask, fast)).isEqualTo(exchange + 4 * attend, within());
    }

    /** By hand: the next rank sends the long block on once it has all of it, so every hop takes as long as that block. */
    @Test
    void aLongShardHoldsUpEveryHop() {
        AttentionShape shape = new AttentionShape(100, 100, 1, 1, 50, 50, DType.F32);
        Partition uneven = Partition.of(
                100, List.of(List.of(new Chunk(0, 60)), List.of(new Chunk(60, 80)), List.of(new Chunk(80, 100))));
        Problem problem = new Problem(shape, Mask.full(100, 100), uneven, uneven, Topology.singleNode(3));
        CostModel slow = new CostModel(1e15, 1e6, 1e6, 0);
        double longest = 60 * 100 * 4 / 1e6;
        assertThat(slow.seconds(new RingAttention().plan(problem))).isEqualTo(2 * longest, within());
        assertThat(slow.seconds(new GatherAttention().plan(problem))).isEqualTo(2 * longest, within());
    }

    /** By hand: the first of 8 balanced shards has the square root of an eighth of the tokens, and goes all the way. */
    @Test
    void whereTheNetworkDecidesZigzagBeatsBalanced() {
        AttentionShape shape = new AttentionShape(2048, 2048, 4, 4, 64, 64, DType.F32);
        Choice choice = Choice.of(
                shape,
                Mask.causal(2048, 2048),
                Topology.spread(8, 8),
                List.of(new RingAttention()),
                List.of(PartitionRule.BALANCED, PartitionRule.ZIGZAG),
                new CostModel(1e15, 5e9, 2.3e6, 0));
        long tokenBytes = 4 * (64 + 64) * 4;
        assertThat(choice.best().partition()).isEqualTo(PartitionRule.ZIGZAG);
        assertThat(choice.candidates().getLast().seconds())
                .isCloseTo(7 * Math.sqrt(1 / 8.0) * 2048 * tokenBytes / 2.3e6, Percentage.withPercentage(1));
    }

    /** By hand: all that crosses from a node comes from one rank in the ring, and from every rank alike in the double ring. */
    @Test
    void ranksThatCrossShareTheCardsOfTheirNode() {
        AttentionShape shape = new AttentionShape(400, 400, 4, 4, 50, 50, DType.F32);
        Mask mask = Mask.full(400, 400);
        Topology nodes = new Topology(List.of("a", "a", "b", "b"));
        double crossing = 100 * 4 * 100 * 4 / 1e6;
        CostModel oneCard = new CostModel(1e15, 1e15, 1e6, 0);
        CostModel aCardARank = new CostModel(1e15, 1e15, 1e6, 2, 0);
        for (CostModel model : List.of(oneCard, aCardARank)) {
            Choice choice = Choice.of(
                    shape,
                    mask,
                    nodes,
                    List.of(new RingAttention(), new DoubleRingAttention()),
                    List.of(PartitionRule.CONTIGUOUS),
                    model);
            assertThat(choice.best().schedule().name()).isEqualTo("double-ring");
            assertThat(choice.best().seconds()).isCloseTo(crossing * 2 / model.cards(), Offset.offset(1e-6));
            assertThat(choice.candidates().getLast().seconds()).isCloseTo(crossing * 3, Offset.offset(1e-6));
        }
    }

    /** By hand: where rows follow speed nobody waits; Ulysses gives the slow rank as many heads, a plan for equal ranks as many rows. */
    @Test
    void ranksOfUnlikeSpeedAreSeen() {
        AttentionShape shape = new AttentionShape(400, 400, 4, 4, 50, 50, DType.F32);
        Mask mask = Mask.full(400, 400);
        Topology two = Topology.singleNode(2);
        Weights speeds = Weights.of(List.of(1, 3));
        CostModel model = new CostModel(1e9, 1e15, 1e15, 0);
        double whole = shape.flops(mask.area(), 4) / 1e9;
        Choice choice = Choice.of(shape, mask, two, speeds, Schedules.all(), List.of(PartitionRule.CONTIGUOUS), model);
        for (Choice.Candidate candidate : choice.candidates()) {
            boolean byTokens = candidate.schedule().worksByTokens();
            assertThat(candidate.seconds()).as(candidate.toString()).isEqualTo(whole / (byTokens ? 4 : 2), within());
            assertThat(candidate.plan().imbalance(speeds))
                    .as(candidate.toString())
                    .isEqualTo(byTokens ? 1 : 2, within());
        }
        assertThat(choice.best().schedule().worksByTokens()).isTrue();
        Plan even = new RingAttention().plan(new RingAttention().problem(shape, mask, PartitionRule.CONTIGUOUS, two));
        assertThat(model.seconds(even, speeds)).isEqualTo(whole / 2, within());
        assertThat(model.seconds(even)).isEqualTo(whole / 2, within());
    }

    /** Where the network decides: states of short values are cheaper to send than blocks, gradients of long queries are not. */
    @Test
    void bothPassesAreWeighedForATrainer() {
        AttentionShape shape = new AttentionShape(400, 400, 8, 8, 50, 1, DType.BF16);
        CostModel slow = new CostModel(1e15, 1e6, 1e6, 0);
        Choice forward = Choice.of(
                shape,
                Mask.full(400, 400),
                FOUR,
                List.of(new RingAttention(), new TreeAttention()),
                List.of(PartitionRule.CONTIGUOUS),
                slow);
        Choice both = forward.withBackward(DType.F32, Weights.equal(4), slow);
        for (Choice.Candidate candidate : both.candidates()) {
            Plan backward = candidate.schedule().backward(candidate.plan().problem(), DType.F32);
            assertThat(candidate.seconds())
                    .isEqualTo(slow.seconds(candidate.plan()) + slow.seconds(backward), within());
            assertThat(candidate.peakTensorBytes())
                    .isEqualTo(backward.predictions().stream()
                            .mapToLong(Prediction::peakTensorBytes)
                            .max()
                            .orElseThrow())
                    .isGreaterThan(candidate.plan().prediction(0).peakTensorBytes());
        }
        assertThat(forward.best().schedule().name()).isEqualTo("tree");
        assertThat(both.best().schedule().name()).isEqualTo("ring");
    }

    private static Offset<Double> within() {
        return Offset.offset(1e-9);
    }

    private static double seconds(Schedule schedule, AttentionShape shape, Mask mask, CostModel model) {
        Plan plan = schedule.plan(schedule.problem(shape, mask, PartitionRule.CONTIGUOUS, FOUR));
        return model.seconds(plan);
    }
}
