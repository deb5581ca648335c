package org.ringwood.attention.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Prediction;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TrafficLedger.Traffic;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Slice;

/** In the even, flat case plans cost what the closed forms in each schedule's description say. */
class ClosedFormsTest {
    private static final int ROWS = 24;
    private static final int HEADS = 6;
    private static final int KV_HEADS = 3;
    private static final int DIM = 16;
    private static final int DIM_V = 20;

    private static AttentionShape shape(int ranks, DType dtype) {
        long tokens = (long) ROWS * ranks;
        return new AttentionShape(tokens, tokens, HEADS, KV_HEADS, DIM, DIM_V, dtype);
    }

    private static Plan plan(Schedule schedule, AttentionShape shape, Mask mask, PartitionRule rule, int ranks) {
        return schedule.plan(schedule.problem(shape, mask, rule, Topology.singleNode(ranks)));
    }

    private static Mask full(AttentionShape shape) {
        return Mask.full(shape.queries(), shape.keys());
    }

    private static Mask causal(AttentionShape shape) {
        return Mask.causal(shape.queries(), shape.keys());
    }

    private static long blockBytes(DType dtype) {
        return (long) ROWS * KV_HEADS * (DIM + DIM_V) * dtype.bytes();
    }

    private static long shardBytes(DType dtype) {
        long inputs = (long) ROWS * (HEADS * DIM + KV_HEADS * (DIM + DIM_V)) * dtype.bytes();
        long outputs = (long) ROWS * HEADS * (DIM_V * dtype.bytes() + 4);
        long state = (long) ROWS * HEADS * (DIM_V + 2) * 4;
        return inputs + outputs + state;
    }

    /** Of gather's bytes, a rank that passes rows on gets some for others alone: those it needs not. */
    @Test
    void bytesNeededAreThoseOfRowsThatAreAttendedElsewhere() {
        // Rows 0 to 3 of rank 0 are attended by all; rank 2 attends row 4, too, and rank 3 row 5.
        AttentionShape shape = new AttentionShape(32, 32, HEADS, KV_HEADS, DIM, DIM_V, DType.F16);
        Mask mask =
                Mask.of(32, 32, List.of(Slice.full(0, 32, 0, 4), Slice.full(16, 24, 4, 5), Slice.full(24, 32, 5, 6)));
        Topology topology = new Topology(List.of("a", "a", "b", "b"));
        Schedule gather = new GatherAttention();
        Plan plan = gather.plan(gather.problem(shape, mask, PartitionRule.CONTIGUOUS, topology));
        long row = KV_HEADS * (DIM + DIM_V) * 2L;
        assertThat(plan.problem().bytesNeeded()).isEqualTo((4 + 5 + 5) * row);
        assertThat(plan.predictions().stream()
                        .mapToLong(cost -> cost.traffic().bytes())
                        .sum())
                .isEqualTo((4 + 6 + 5) * row);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7, 8, 64})
    void ringSendsEveryBlockToAllOthersAndHoldsTwo(int ranks) {
        for (DType dtype : DType.values()) {
            AttentionShape shape = shape(ranks, dtype);
            for (Prediction cost : plan(new RingAttention(), shape, full(shape), PartitionRule.CONTIGUOUS, ranks)
                    .predictions()) {
                long bytes = (ranks - 1) * blockBytes(dtype);
                assertThat(cost.traffic()).isEqualTo(new Traffic(bytes, 0, 2L * (ranks - 1), ranks - 1));
                assertThat(cost.peakTensorBytes())
                        .isEqualTo(shardBytes(dtype) + Math.min(2, ranks - 1) * blockBytes(dtype));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 4", "2, 1", "2, 2", "2, 3", "3, 2", "4, 8", "8, 8"})
    void doubleRingSendsEveryBlockOnceToEachNodeFromAllRanksAlike(int nodes, int width) {
        Topology topology = new Topology(IntStream.range(0, nodes * width)
                .mapToObj(rank -> "node" + rank % nodes)
                .toList());
        for (DType dtype : DType.values()) {
            AttentionShape shape = shape(nodes * width, dtype);
            Schedule rings = new DoubleRingAttention();
            Plan plan = rings.plan(rings.problem(shape, full(shape), PartitionRule.CONTIGUOUS, topology));
            int hops = nodes * width - 1;
            long across = (nodes - 1) * blockBytes(dtype);
            long within = hops * blockBytes(dtype) - across;
            int blocks = Math.min(2, nodes - 1) + Math.min(2, nodes * (width - 1));
            for (Prediction cost : plan.predictions()) {
                assertThat(cost.traffic()).isEqualTo(new Traffic(within, across, 2L * hops, hops));
                assertThat(cost.peakTensorBytes()).isEqualTo(shardBytes(dtype) + blocks * blockBytes(dtype));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(PartitionRule.class)
    void ringHoldsNoMoreThanTwoBlocksWhateverTheMask(PartitionRule rule) {
        for (int ranks : new int[] {2, 5, 16}) {
            AttentionShape shape = shape(ranks, DType.F32);
            Plan plan = plan(new RingAttention(), shape, causal(shape), rule, ranks);
            long largest = IntStream.range(0, ranks)
                    .mapToLong(rank -> plan.keyPositions(rank).rows())
                    .max()
                    .orElseThrow();
            for (int rank = 0; rank < ranks; rank++) {
                long rows = plan.queryPositions(rank).rows();
                long shard = shardBytes(DType.F32) / ROWS * rows;
                long block = blockBytes(DType.F32) / ROWS * largest;
                assertThat(plan.prediction(rank).peakTensorBytes()).isLessThanOrEqualTo(shard + 2 * block);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 8})
    void contiguousCausalRingSendsDownstreamOnly(int ranks) {
        AttentionShape shape = shape(ranks, DType.F32);
        Plan plan = plan(new RingAttention(), shape, causal(shape), PartitionRule.CONTIGUOUS, ranks);
        for (int rank = 0; rank < ranks - 1; rank++) {
            // Rank r sends on its own block and those of all ranks before it.
            assertThat(plan.prediction(rank).traffic().bytes()).isEqualTo((rank + 1) * blockBytes(DType.F32));
        }
        assertThat(plan.prediction(ranks - 1).traffic().bytes()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8})
    void windowOfOneShardTravelsOneHop(int ranks) {
        AttentionShape shape = shape(ranks, DType.F32);
        Mask window = MaskRule.window(5, 0, 0).over(shape.queries(), shape.keys());
        for (Schedule schedule : List.of(new RingAttention(), new GatherAttention())) {
            Plan plan = plan(schedule, shape, window, PartitionRule.CONTIGUOUS, ranks);
            for (int rank = 0; rank < ranks; rank++) {
                Traffic traffic = plan.prediction(rank).traffic();
                assertThat(traffic.hops()).isEqualTo(1);
                assertThat(traffic.bytes()).isEqualTo(rank == ranks - 1 ? 0 : 5 * blockBytes(DType.F32) / ROWS);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 7, 64})
    void gatherSendsInOneHop(int ranks) {
        AttentionShape shape = shape(ranks, DType.BF16);
        for (Prediction cost : plan(new GatherAttention(), shape, full(shape), PartitionRule.ZIGZAG, ranks)
                .predictions()) {
            assertThat(cost.traffic())
                    .isEqualTo(new Traffic((ranks - 1) * blockBytes(DType.BF16), 0, 2L * (ranks - 1), 1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 6, 7, 12})
    void ulyssesSendsRowsForHeads(int ranks) {
        for (DType dtype : DType.values()) {
            AttentionShape shape = shape(ranks, dtype);
            Plan plan = plan(new UlyssesAttention(), shape, full(shape), PartitionRule.STRIPED, ranks);
            for (int rank = 0; rank < ranks; rank++) {
                long out = 0;
                for (int other = 0; other < ranks; other++) {
                    if (other != rank) {
                        out += (long) queryHeads(other, ranks) * DIM + (long) keyHeads(other, ranks) * (DIM + DIM_V);
                    }
                }
                long home = (ranks - 1L) * ROWS * queryHeads(rank, ranks) * (DIM_V * dtype.bytes() + 4);
                Traffic traffic = plan.prediction(rank).traffic();
                assertThat(traffic.bytes()).isEqualTo((long) dtype.bytes() * ROWS * out + home);
                assertThat(traffic.hops()).isEqualTo(2);
            }
        }
    }

    private static int queryHeads(int rank, int ranks) {
        return HEADS * (rank + 1) / ranks - HEADS * rank / ranks;
    }

    private static int keyHeads(int rank, int ranks) {
        return (int) IntStream.range(HEADS * rank / ranks, HEADS * (rank + 1) / ranks)
                .map(head -> head * KV_HEADS / HEADS)
                .distinct()
                .count();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7, 8, 64})
    void treeSendsTheFusedStateInLogarithmicallyManyHops(int ranks) {
        AttentionShape shape = new AttentionShape(3, 64L * ranks, HEADS, KV_HEADS, DIM, DIM_V, DType.F16);
        Plan plan = plan(new TreeAttention(), shape, Mask.causal(3, 64L * ranks), PartitionRule.CONTIGUOUS, ranks);
        int power = Integer.highestOneBit(ranks);
        int log = Integer.numberOfTrailingZeros(power);
        int hops = power == ranks ? log : log + 2;
        long state = 3L * HEADS * (DIM_V + 2) * 4;
        for (Prediction cost : plan.predictions()) {
            assertThat(cost.traffic().hops()).isLessThanOrEqualTo(hops);
            assertThat(cost.traffic().bytes()).isLessThanOrEqualTo(hops * state);
        }
        long keys = 64L * KV_HEADS * (DIM + DIM_V) * DType.F16.bytes();
        long queries = 3L * HEADS * (DIM * DType.F16.bytes() + DIM_V * DType.F16.bytes() + 4);
        long states = ranks == 1 ? state : 2 * state;
        assertThat(plan.prediction(0).peakTensorBytes()).isEqualTo(keys + queries + states);
        if (power == ranks) {
            assertThat(plan.prediction(0).traffic()).isEqualTo(new Traffic(hops * state, 0, hops, hops));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6, 12})
    void hybridIsUlyssesWithinAndARingAmongGroups(int ranks) {
        AttentionShape shape = shape(ranks, DType.F32);
        HybridAttention hybrid = new HybridAttention(2);
        Plan plan = plan(hybrid, shape, full(shape), PartitionRule.CONTIGUOUS, ranks);
        int groups = ranks / 2;
        for (int rank = 0; rank < ranks; rank++) {
            int member = rank % 2;
            long exchange = 4L
                    * ROWS
                    * ((long) queryHeads(1 - member, 2) * DIM + (long) keyHeads(1 - member, 2) * (DIM + DIM_V));
            long home = (long) ROWS * queryHeads(member, 2) * (DIM_V * 4 + 4);
            long blocks = (groups - 1) * 2L * ROWS * keyHeads(member, 2) * (DIM + DIM_V) * 4;
            assertThat(plan.prediction(rank).traffic().bytes()).isEqualTo(exchange + blocks + home);
            assertThat(plan.prediction(rank).traffic().hops()).isEqualTo(groups + 1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8, 16})
    void zigzagBalancesACausalMask(int ranks) {
        AttentionShape shape = shape(ranks, DType.F32);
        Mask mask = causal(shape);
        assertThat(plan(new RingAttention(), shape, mask, PartitionRule.ZIGZAG, ranks)
                        .imbalance())
                .isLessThan(1.001);
        assertThat(plan(new UlyssesAttention(), shape, mask, PartitionRule.CONTIGUOUS, 2)
                        .imbalance())
                .isEqualTo(1);
        assertThat(plan(new RingAttention(), shape, mask, PartitionRule.CONTIGUOUS, ranks)
                        .imbalance())
                .isGreaterThan(1.4);
    }
}
