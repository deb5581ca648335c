package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Vectors.FLOATS;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.ringwood.kernels.DType;

/**
 * The matrix products of both halves of attention for few queries, with the elements of a row in the lanes of vectors: one query
 * against the rows of a {@link RowPanel}.
 *
 * <p>A score is the sum of {@link #LANES} partial sums, element {@code d} belonging to partial sum {@code d mod LANES}, added up in the
 * order of a fixed tree; the sum of a panel's values is one chain of fused multiply-adds in the order of the keys. So bits depend
 * neither on the width of the vectors nor on how many queries there are.
 */
final class RowProduct {
    /** Partial sums of a score. Rows are padded to a multiple of it. */
    static final int LANES = 16;

    /**
     * Half a cache line at most. With vectors of a whole line, each load of a loop over rows goes from row to row, and what the processor
     * (tried: Zen 4) prefetches for so many such streams comes in an order in which it reads at half the speed of memory.
     */
    static final VectorSpecies<Float> PARTS =
            FLOATS.vectorBitSize() == 128 ? FloatVector.SPECIES_128 : FloatVector.SPECIES_256;

    private static final int LENGTH = PARTS.length();

    private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_128;
    private static final VectorMask<Float> HIGH_PAIR = VectorMask.fromLong(QUARTER, 0b1100);
    private static final VectorMask<Float> HIGH_ONES = VectorMask.fromLong(QUARTER, 0b1010);
    private static final VectorShuffle<Float> SWAP_PAIRS = VectorShuffle.fromValues(QUARTER, 2, 3, 0, 1);
    private static final VectorShuffle<Float> SWAP_ONES = VectorShuffle.fromValues(QUARTER, 1, 0, 3, 2);

    private RowProduct() {}

    /** Elements of a row with its padding. */
    static int padded(int dim) {
        return Math.ceilDiv(dim, LANES) * LANES;
    }

    /** Place of an element of a row in queries and outputs: that of its vector's lane where {@link RowTiles} computes with it. */
    static int place(DType dtype, int element) {
        if (dtype == DType.F32) {
            return element;
        }
        return element / LANES * LANES + element % 2 * (LANES / 2) + element % LANES / 2;
    }

    /**
     * Scores of a query with the rows of a panel.
     *
     * @param query the query's first element, each at its {@link #place}
     * @param dim elements, a multiple of {@link #LANES}
     * @param scores where the scores go, from {@code at} on, up to a multiple of 4 of them
     * @param partial room for {@link #LANES} partial sums a row
     */
    static void score(
            RowPanel keys, int count, float[] queries, int query, int dim, float[] scores, int at, float[] partial) {
        Arrays.fill(partial, 0, count * LANES, 0);
        MemorySegment memory = keys.memory();
        long start = keys.start();
        long stride = keys.stride();
        switch (keys.dtype()) {
            case F32 -> RowTiles.scoreF32(memory, start, stride, count, queries, query, dim, partial);
            case F16 -> RowTiles.scoreF16(memory, start, stride, count, queries, query, dim, partial);
            case BF16 -> RowTiles.scoreBf16(memory, start, stride, count, queries, query, dim, partial);
        }
        for (int row = 0; row < count; row += QUARTER.length()) {
            addUp(partial, row * LANES, scores, at + row);
        }
    }

    /** Adds up the partial sums of four rows; what two halves have in common is added at once. */
    private static void addUp(float[] partial, int sums, float[] scores, int at) {
        FloatVector a = FloatVector.fromArray(QUARTER, partial, sums)
                .add(FloatVector.fromArray(QUARTER, partial, sums + 8))
                .add(FloatVector.fromArray(QUARTER, partial, sums + 4)
                        .add(FloatVector.fromArray(QUARTER, partial, sums + 12)));
        FloatVector b = FloatVector.fromArray(QUARTER, partial, sums + 16)
                .add(FloatVector.fromArray(QUARTER, partial, sums + 24))
                .add(FloatVector.fromArray(QUARTER, partial, sums + 20)
                        .add(FloatVector.fromArray(QUARTER, partial, sums + 28)));
        FloatVector c = FloatVector.fromArray(QUARTER, partial, sums + 32)
                .add(FloatVector.fromArray(QUARTER, partial, sums + 40))
                .add(FloatVector.fromArray(QUARTER, partial, sums + 36)
                        .add(FloatVector.fromArray(QUARTER, partial, sums + 44)));
        FloatVector d = FloatVector.fromArray(QUARTER, partial, sums + 48)
                .add(FloatVector.fromArray(QUARTER, partial, sums + 56))
                .add(FloatVector.fromArray(QUARTER, partial, sums + 52)
                        .add(FloatVector.fromArray(QUARTER, partial, sums + 60)));
        FloatVector ac = a.blend(c, HIGH_PAIR).add(c.blend(a, HIGH_PAIR).rearrange(SWAP_PAIRS));
        FloatVector bd = b.blend(d, HIGH_PAIR).add(d.blend(b, HIGH_PAIR).rearrange(SWAP_PAIRS));
        ac.blend(bd, HIGH_ONES)
                .add(bd.blend(ac, HIGH_ONES).rearrange(SWAP_ONES))
                .intoArray(scores, at);
    }

    /**
     * Adds the sum of the values of a panel, with the weights of a query, to its output.
     *
     * @param weight place of the first weight; the others follow
     * @param out the output's first element, each at its {@link #place}
     * @param dim elements, a multiple of {@link #LANES}
     */
    static void accumulate(RowPanel values, int count, float[] weights, int weight, float[] outputs, int out, int dim) {
        MemorySegment memory = values.memory();
        long start = values.start();
        long stride = values.stride();
        switch (values.dtype()) {
            case F32 -> RowTiles.accumulateF32(memory, start, stride, count, weights, weight, outputs, out, dim);
            case F16 -> RowTiles.accumulateF16(memory, start, stride, count, weights, weight, outputs, out, dim);
            case BF16 -> RowTiles.accumulateBf16(memory, start, stride, count, weights, weight, outputs, out, dim);
        }
    }

    /** Multiplies a row by a factor. */
    static void multiply(float[] row, int at, float factor, int dim) {
        if (factor == 1) {
            return;
        }
        for (int d = 0; d < dim; d += LENGTH) {
            FloatVector.fromArray(PARTS, row, at + d).mul(factor).intoArray(row, at + d);
        }
    }
}
