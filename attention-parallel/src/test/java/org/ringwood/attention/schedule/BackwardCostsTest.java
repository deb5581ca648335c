package org.ringwood.attention.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

/** In the even, flat case backward plans cost what their closed forms say, and their memory is linear in the shard. */
class BackwardCostsTest {
    private static final int ROWS = 24;
    private static final int DIM = 16;
    private static final int DIM_V = 20;

    private static AttentionShape shape(int ranks, int heads, int kvHeads, DType dtype) {
        long tokens = (long) ROWS * ranks;
        return new AttentionShape(tokens, tokens, heads, kvHeads, DIM, DIM_V, dtype);
    }

    private static Plan plan(Schedule schedule, AttentionShape shape, Mask mask, int ranks, DType gradients) {
        return schedule.backward(
                schedule.problem(shape, mask, PartitionRule.CONTIGUOUS, Topology.singleNode(ranks)), gradients);
    }

    private static Plan plan(Schedule schedule, AttentionShape shape, int ranks, DType gradients) {
        return plan(schedule, shape, Mask.full(shape.queries(), shape.keys()), ranks, gradients);
    }

    private static long keyBlock(AttentionShape shape, int elementBytes) {
        return (long) ROWS * shape.kvHeads() * (DIM + DIM_V) * elementBytes;
    }

    /** The caller's tensors and delta. */
    private static long shard(AttentionShape shape, DType gradients) {
        int bytes = shape.dtype().bytes();
        long queries = (long) shape.heads() * (DIM + 2 * DIM_V) * bytes + 2L * shape.heads() * 4;
        long keys = (long) shape.kvHeads() * (DIM + DIM_V) * bytes;
        long sums = (long) shape.heads() * DIM + (long) shape.kvHeads() * (DIM + DIM_V);
        long apart = gradients == DType.F32 ? 0 : 4;
        return ROWS * (queries + keys + sums * (gradients.bytes() + apart));
    }

    /** With fewer key heads than query heads keys and values travel, and their gradients one hop behind. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7, 8, 32})
    void ringSendsKeysAndTheirGradients(int ranks) {
        for (DType dtype : DType.values()) {
            AttentionShape shape = shape(ranks, 6, 3, dtype);
            for (Prediction cost :
                    plan(new RingAttention(), shape, ranks, dtype).predictions()) {
                long bytes = (ranks - 1) * (keyBlock(shape, dtype.bytes()) + keyBlock(shape, 4));
                int hops = ranks == 1 ? 0 : ranks;
                assertThat(cost.traffic()).isEqualTo(new Traffic(bytes, 0, 4L * (ranks - 1), hops));
                long blocks = Math.min(2, ranks - 1) * keyBlock(shape, dtype.bytes());
                int sums = Math.min(2, ranks - 1) + Math.min(2, ranks - 1);
                assertThat(cost.peakTensorBytes()).isEqualTo(shard(shape, dtype) + blocks + sums * keyBlock(shape, 4));
            }
        }
    }

    /** With as many of each, queries cost less: their gradients are half as many. */
    @ParameterizedTest
    @ValueSource(ints = {2, 5, 8})
    void ringSendsQueriesWhereThatIsLess(int ranks) {
        for (DType dtype : DType.values()) {
            AttentionShape shape = shape(ranks, 4, 4, dtype);
            long block = ROWS * 4L * ((DIM + DIM_V) * dtype.bytes() + 2 * 4);
            long gradients = ROWS * 4L * DIM * 4;
            assertThat(block + gradients).isLessThan(keyBlock(shape, dtype.bytes()) + keyBlock(shape, 4));
            for (Prediction cost :
                    plan(new RingAttention(), shape, ranks, DType.F32).predictions()) {
                assertThat(cost.traffic().bytes()).isEqualTo((ranks - 1) * (block + gradients));
                assertThat(cost.traffic().hops()).isEqualTo(ranks);
                int sums = Math.min(2, ranks - 1) + Math.min(2, ranks - 1);
                assertThat(cost.peakTensorBytes())
                        .isEqualTo(shard(shape, DType.F32) + Math.min(2, ranks - 1) * block + sums * gradients);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8})
    void gradientsOfAWindowGoHomeAfterOneHop(int ranks) {
        AttentionShape shape = shape(ranks, 6, 3, DType.F32);
        Mask window = MaskRule.window(5, 0, 0).over(shape.queries(), shape.keys());
        for (Schedule schedule : new Schedule[] {new RingAttention(), new GatherAttention()}) {
            Plan plan = plan(schedule, shape, window, ranks, DType.F32);
            long rows = 5 * keyBlock(shape, 4) / ROWS;
            for (int rank = 0; rank < ranks; rank++) {
                long sent = (rank < ranks - 1 ? rows : 0) + (rank > 0 ? rows : 0);
                assertThat(plan.prediction(rank).traffic().bytes()).isEqualTo(sent);
                assertThat(plan.prediction(rank).traffic().hops()).isEqualTo(2);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 2", "2, 4", "3, 2", "4, 4"})
    void ofADoubleRingGradientsCrossAsOftenAsKeys(int nodes, int width) {
        Topology topology = new Topology(IntStream.range(0, nodes * width)
                .mapToObj(rank -> "node" + rank / width)
                .toList());
        AttentionShape shape = shape(nodes * width, 6, 3, DType.BF16);
        Schedule rings = new DoubleRingAttention();
        Mask full = Mask.full(shape.queries(), shape.keys());
        Plan plan = rings.backward(rings.problem(shape, full, PartitionRule.CONTIGUOUS, topology), DType.BF16);
        long across = (nodes - 1) * (keyBlock(shape, 2) + keyBlock(shape, 4));
        assertThat(plan.predictions())
                .allSatisfy(
                        cost -> assertThat(cost.traffic().bytesAcrossNodes()).isEqualTo(across));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 8})
    void gatherSendsKeysInOneHopAndTheirGradientsInAnother(int ranks) {
        AttentionShape shape = shape(ranks, 6, 3, DType.F16);
        long bytes = (ranks - 1) * (keyBlock(shape, 2) + keyBlock(shape, 4));
        for (Prediction cost :
                plan(new GatherAttention(), shape, ranks, DType.F16).predictions()) {
            assertThat(cost.traffic()).isEqualTo(new Traffic(bytes, 0, 4L * (ranks - 1), 2));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 6, 7})
    void ulyssesSendsRowsForHeadsAndTheirGradientsHome(int ranks) {
        for (DType dtype : DType.values()) {
            AttentionShape shape = shape(ranks, 6, 3, dtype);
            Plan plan = plan(new UlyssesAttention(), shape, ranks, dtype);
            for (int rank = 0; rank < ranks; rank++) {
                long out = 0;
                for (int other = 0; other < ranks; other++) {
                    HeadShare share = HeadShare.of(shape, other, ranks);
                    long elements = (long) (share.heads() + share.keyHeads()) * (DIM + DIM_V);
                    out += other == rank ? 0 : elements * dtype.bytes() + 2L * share.heads() * 4;
                }
                HeadShare mine = HeadShare.of(shape, rank, ranks);
                long home = (ranks - 1) * 4L * ((long) mine.heads() * DIM + (long) mine.keyHeads() * (DIM + DIM_V));
                Traffic traffic = plan.prediction(rank).traffic();
                assertThat(traffic.bytes()).isEqualTo(ROWS * (out + home));
                assertThat(traffic.hops()).isEqualTo(2);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void treeReducesTheGradientsOfTheQueriesAlone(int ranks) {
        AttentionShape shape = new AttentionShape(3, 64L * ranks, 6, 3, DIM, DIM_V, DType.F16);
        int hops = Integer.numberOfTrailingZeros(ranks);
        long gradients = 3L * 6 * DIM * 4;
        for (Prediction cost :
                plan(new TreeAttention(), shape, ranks, DType.F16).predictions()) {
            assertThat(cost.traffic()).isEqualTo(new Traffic(hops * gradients, 0, hops, hops));
        }
    }

    /** Twice the tokens on twice the ranks: a rank holds no more. */
    @Test
    void whatARankHoldsDoesNotGrowWithTheirNumber() {
        long few = peak(8);
        assertThat(peak(64)).isEqualTo(few);
        assertThat(peak(16)).isEqualTo(few);
    }

    private static long peak(int ranks) {
        AttentionShape shape = shape(ranks, 6, 3, DType.BF16);
        Mask causal = Mask.causal(shape.queries(), shape.keys());
        return plan(new RingAttention(), shape, causal, ranks, DType.BF16).predictions().stream()
                .mapToLong(Prediction::peakTensorBytes)
                .max()
                .orElseThrow();
    }
}
