package org.ringwood.kernels.cpu;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.MUL;
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
        addUp(partial, count, scores, at);
    }

    /** Adds up the partial sums of rows, four at a time; what two halves have in common is added at once. */
    private static void addUp(float[] partial, int count, float[] scores, int at) {
        for (int row = 0; row < count; row += QUARTER.length()) {
            FloatVector a = FloatVector.fromArray(QUARTER, partial, (row + 0) * LANES)
                    .lanewise(ADD, FloatVector.fromArray(QUARTER, partial, (row + 0) * LANES + 8))
                    .lanewise(
                            ADD,
                            FloatVector.fromArray(QUARTER, partial, (row + 0) * LANES + 4)
                                    .lanewise(ADD, FloatVector.fromArray(QUARTER, partial, (row + 0) * LANES + 12)));
            FloatVector b = FloatVector.fromArray(QUARTER, partial, (row + 1) * LANES)
                    .lanewise(ADD, FloatVector.fromArray(QUARTER, partial, (row + 1) * LANES + 8))
                    .lanewise(
                            ADD,
                            FloatVector.fromArray(QUARTER, partial, (row + 1) * LANES + 4)
                                    .lanewise(ADD, FloatVector.fromArray(QUARTER, partial, (row + 1) * LANES + 12)));
            FloatVector c = FloatVector.fromArray(QUARTER, partial, (row + 2) * LANES)
                    .lanewise(ADD, FloatVector.fromArray(QUARTER, partial, (row + 2) * LANES + 8))
                    .lanewise(
                            ADD,
                            FloatVector.fromArray(QUARTER, partial, (row + 2) * LANES + 4)
                                    .lanewise(ADD, FloatVector.fromArray(QUARTER, partial, (row + 2) * LANES + 12)));
            FloatVector d = FloatVector.fromArray(QUARTER, partial, (row + 3) * LANES)
                    .lanewise(ADD, FloatVector.fromArray(QUARTER, partial, (row + 3) * LANES + 8))
                    .lanewise(
                            ADD,
                            FloatVector.fromArray(QUARTER, partial, (row + 3) * LANES + 4)
                                    .lanewise(ADD, FloatVector.fromArray(QUARTER, partial, (row + 3) * LANES + 12)));
            FloatVector ac =
                    a.blend(c, HIGH_PAIR).lanewise(ADD, c.blend(a, HIGH_PAIR).rearrange(SWAP_PAIRS));
            FloatVector bd =
                    b.blend(d, HIGH_PAIR).lanewise(ADD, d.blend(b, HIGH_PAIR).rearrange(SWAP_PAIRS));
            ac.blend(bd, HIGH_ONES)
                    .lanewise(ADD, bd.blend(ac, HIGH_ONES).rearrange(SWAP_ONES))
                    .intoArray(scores, at + row);
        }
    }

    /**
     * The sum of the values of a panel with the weights of a query.
     *
     * @param weight place of the first weight; the others follow
     * @param into where the sum goes, each element at its {@link #place}
     * @param dim elements, a multiple of {@link #LANES}
     */
    static void sum(RowPanel values, int count, float[] weights, int weight, float[] into, int dim) {
        MemorySegment memory = values.memory();
        long start = values.start();
        long stride = values.stride();
        switch (values.dtype()) {
            case F32 -> RowTiles.sumF32(memory, start, stride, count, weights, weight, into, dim);
            case F16 -> RowTiles.sumF16(memory, start, stride, count, weights, weight, into, dim);
            case BF16 -> RowTiles.sumBf16(memory, start, stride, count, weights, weight, into, dim);
        }
    }

    /** Adds a row to another one. */
    static void add(float[] row, float[] to, int at, int dim) {
        for (int d = 0; d < dim; d += LENGTH) {
            FloatVector.fromArray(PARTS, to, at + d)
                    .lanewise(ADD, FloatVector.fromArray(PARTS, row, d))
                    .intoArray(to, at + d);
        }
    }

    /** Multiplies a row by a factor. */
    static void multiply(float[] row, int at, float factor, int dim) {
        if (factor == 1) {
            return;
        }
        FloatVector factors = FloatVector.broadcast(PARTS, factor);
        for (int d = 0; d < dim; d += LENGTH) {
            FloatVector.fromArray(PARTS, row, at + d).lanewise(MUL, factors).intoArray(row, at + d);
        }
    }
}
