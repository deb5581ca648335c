package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Vectors.FLOATS;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

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

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** Bytes from a vector of a row to the next one with the same partial sums. */
    private static final long STEP = (long) LANES * Float.BYTES;

    /**
     * Half a cache line at most. With vectors of a whole line, each load of a loop over rows goes from row to row, and what the processor
     * (tried: Zen 4) prefetches for so many such streams comes in an order in which it reads at half the speed of memory.
     */
    private static final VectorSpecies<Float> PARTS =
            FLOATS.vectorBitSize() == 128 ? FloatVector.SPECIES_128 : FloatVector.SPECIES_256;

    private static final int LENGTH = PARTS.length();

    /** Bytes of a vector. */
    private static final long WIDTH = (long) LENGTH * Float.BYTES;

    private static final boolean MANY_REGISTERS = Vectors.MANY_REGISTERS;

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

    /**
     * Scores of a query with the rows of a panel.
     *
     * @param dim elements, a multiple of {@link #LANES}
     * @param scores where the scores go, from {@code at} on
     * @param partial room for {@link #LANES} partial sums a row
     */
    static void score(
            MemorySegment keys,
            long start,
            long stride,
            int count,
            float[] queries,
            int query,
            int dim,
            float[] scores,
            int at,
            float[] partial) {
        Arrays.fill(partial, 0, count * LANES, 0);
        for (int strip = 0; strip < LANES; strip += 2 * LENGTH) {
            int d = strip;
            for (; MANY_REGISTERS && d + 7 * LANES < dim; d += 8 * LANES) {
                dot16(keys, start + (long) d * Float.BYTES, stride, count, queries, query + d, partial, strip);
            }
            for (; d + 3 * LANES < dim; d += 4 * LANES) {
                dot8(keys, start + (long) d * Float.BYTES, stride, count, queries, query + d, partial, strip);
            }
            for (; d < dim; d += LANES) {
                dot2(keys, start + (long) d * Float.BYTES, stride, count, queries, query + d, partial, strip);
            }
        }
        for (int row = 0; row < count; row += QUARTER.length()) {
            addUp(partial, row * LANES, scores, at + row);
        }
    }

    /** Adds the products of sixteen vectors of a query, of two strips, to the partial sums of every row. */
    private static void dot16(
            MemorySegment keys,
            long start,
            long stride,
            int count,
            float[] queries,
            int query,
            float[] partial,
            int strip) {
        FloatVector q0 = FloatVector.fromArray(PARTS, queries, query);
        FloatVector q1 = FloatVector.fromArray(PARTS, queries, query + LENGTH);
        FloatVector q2 = FloatVector.fromArray(PARTS, queries, query + LANES);
        FloatVector q3 = FloatVector.fromArray(PARTS, queries, query + LANES + LENGTH);
        FloatVector q4 = FloatVector.fromArray(PARTS, queries, query + 2 * LANES);
        FloatVector q5 = FloatVector.fromArray(PARTS, queries, query + 2 * LANES + LENGTH);
        FloatVector q6 = FloatVector.fromArray(PARTS, queries, query + 3 * LANES);
        FloatVector q7 = FloatVector.fromArray(PARTS, queries, query + 3 * LANES + LENGTH);
        FloatVector q8 = FloatVector.fromArray(PARTS, queries, query + 4 * LANES);
        FloatVector q9 = FloatVector.fromArray(PARTS, queries, query + 4 * LANES + LENGTH);
        FloatVector q10 = FloatVector.fromArray(PARTS, queries, query + 5 * LANES);
        FloatVector q11 = FloatVector.fromArray(PARTS, queries, query + 5 * LANES + LENGTH);
        FloatVector q12 = FloatVector.fromArray(PARTS, queries, query + 6 * LANES);
        FloatVector q13 = FloatVector.fromArray(PARTS, queries, query + 6 * LANES + LENGTH);
        FloatVector q14 = FloatVector.fromArray(PARTS, queries, query + 7 * LANES);
        FloatVector q15 = FloatVector.fromArray(PARTS, queries, query + 7 * LANES + LENGTH);
        for (int i = 0; i < count; i++) {
            long key = start + i * stride;
            int at = i * LANES + strip;
            FloatVector even = FloatVector.fromArray(PARTS, partial, at);
            FloatVector odd = FloatVector.fromArray(PARTS, partial, at + LENGTH);
            even = FloatVector.fromMemorySegment(PARTS, keys, key, ORDER).fma(q0, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + WIDTH, ORDER).fma(q1, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + STEP, ORDER).fma(q2, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + STEP + WIDTH, ORDER)
                    .fma(q3, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + 2 * STEP, ORDER)
                    .fma(q4, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + 2 * STEP + WIDTH, ORDER)
                    .fma(q5, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + 3 * STEP, ORDER)
                    .fma(q6, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + 3 * STEP + WIDTH, ORDER)
                    .fma(q7, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + 4 * STEP, ORDER)
                    .fma(q8, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + 4 * STEP + WIDTH, ORDER)
                    .fma(q9, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + 5 * STEP, ORDER)
                    .fma(q10, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + 5 * STEP + WIDTH, ORDER)
                    .fma(q11, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + 6 * STEP, ORDER)
                    .fma(q12, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + 6 * STEP + WIDTH, ORDER)
                    .fma(q13, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + 7 * STEP, ORDER)
                    .fma(q14, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + 7 * STEP + WIDTH, ORDER)
                    .fma(q15, odd);
            even.intoArray(partial, at);
            odd.intoArray(partial, at + LENGTH);
        }
    }

    /** Adds the products of eight vectors of a query, of two strips, to the partial sums of every row. */
    private static void dot8(
            MemorySegment keys,
            long start,
            long stride,
            int count,
            float[] queries,
            int query,
            float[] partial,
            int strip) {
        FloatVector q0 = FloatVector.fromArray(PARTS, queries, query);
        FloatVector q1 = FloatVector.fromArray(PARTS, queries, query + LENGTH);
        FloatVector q2 = FloatVector.fromArray(PARTS, queries, query + LANES);
        FloatVector q3 = FloatVector.fromArray(PARTS, queries, query + LANES + LENGTH);
        FloatVector q4 = FloatVector.fromArray(PARTS, queries, query + 2 * LANES);
        FloatVector q5 = FloatVector.fromArray(PARTS, queries, query + 2 * LANES + LENGTH);
        FloatVector q6 = FloatVector.fromArray(PARTS, queries, query + 3 * LANES);
        FloatVector q7 = FloatVector.fromArray(PARTS, queries, query + 3 * LANES + LENGTH);
        for (int i = 0; i < count; i++) {
            long key = start + i * stride;
            int at = i * LANES + strip;
            FloatVector even = FloatVector.fromArray(PARTS, partial, at);
            FloatVector odd = FloatVector.fromArray(PARTS, partial, at + LENGTH);
            even = FloatVector.fromMemorySegment(PARTS, keys, key, ORDER).fma(q0, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + WIDTH, ORDER).fma(q1, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + STEP, ORDER).fma(q2, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + STEP + WIDTH, ORDER)
                    .fma(q3, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + 2 * STEP, ORDER)
                    .fma(q4, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + 2 * STEP + WIDTH, ORDER)
                    .fma(q5, odd);
            even = FloatVector.fromMemorySegment(PARTS, keys, key + 3 * STEP, ORDER)
                    .fma(q6, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + 3 * STEP + WIDTH, ORDER)
                    .fma(q7, odd);
            even.intoArray(partial, at);
            odd.intoArray(partial, at + LENGTH);
        }
    }

    /** Adds the products of two vectors of a query, of two strips, to the partial sums of every row. */
    private static void dot2(
            MemorySegment keys,
            long start,
            long stride,
            int count,
            float[] queries,
            int query,
            float[] partial,
            int strip) {
        FloatVector q0 = FloatVector.fromArray(PARTS, queries, query);
        FloatVector q1 = FloatVector.fromArray(PARTS, queries, query + LENGTH);
        for (int i = 0; i < count; i++) {
            long key = start + i * stride;
            int at = i * LANES + strip;
            FloatVector even = FloatVector.fromArray(PARTS, partial, at);
            FloatVector odd = FloatVector.fromArray(PARTS, partial, at + LENGTH);
            even = FloatVector.fromMemorySegment(PARTS, keys, key, ORDER).fma(q0, even);
            odd = FloatVector.fromMemorySegment(PARTS, keys, key + WIDTH, ORDER).fma(q1, odd);
            even.intoArray(partial, at);
            odd.intoArray(partial, at + LENGTH);
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
     * Adds the sum of values with the weights of a query to its output.
     *
     * @param weight place of its first weight; the others follow
     * @param dim elements, a multiple of {@link #LANES}
     */
    static void accumulate(
            MemorySegment values,
            long start,
            long stride,
            int count,
            float[] weights,
            int weight,
            float[] outputs,
            int out,
            int dim) {
        int d = 0;
        for (; MANY_REGISTERS && d + 16 * LENGTH <= dim; d += 16 * LENGTH) {
            sum16(values, start + (long) d * Float.BYTES, stride, count, weights, weight, outputs, out + d);
        }
        for (; d + 8 * LENGTH <= dim; d += 8 * LENGTH) {
            sum8(values, start + (long) d * Float.BYTES, stride, count, weights, weight, outputs, out + d);
        }
        for (; d < dim; d += 2 * LENGTH) {
            sum2(values, start + (long) d * Float.BYTES, stride, count, weights, weight, outputs, out + d);
        }
    }

    /** Adds sixteen vectors of the sum of all rows to the output. */
    private static void sum16(
            MemorySegment values,
            long start,
            long stride,
            int count,
            float[] weights,
            int weight,
            float[] outputs,
            int at) {
        FloatVector sum0 = FloatVector.zero(PARTS);
        FloatVector sum1 = FloatVector.zero(PARTS);
        FloatVector sum2 = FloatVector.zero(PARTS);
        FloatVector sum3 = FloatVector.zero(PARTS);
        FloatVector sum4 = FloatVector.zero(PARTS);
        FloatVector sum5 = FloatVector.zero(PARTS);
        FloatVector sum6 = FloatVector.zero(PARTS);
        FloatVector sum7 = FloatVector.zero(PARTS);
        FloatVector sum8 = FloatVector.zero(PARTS);
        FloatVector sum9 = FloatVector.zero(PARTS);
        FloatVector sum10 = FloatVector.zero(PARTS);
        FloatVector sum11 = FloatVector.zero(PARTS);
        FloatVector sum12 = FloatVector.zero(PARTS);
        FloatVector sum13 = FloatVector.zero(PARTS);
        FloatVector sum14 = FloatVector.zero(PARTS);
        FloatVector sum15 = FloatVector.zero(PARTS);
        for (int i = 0; i < count; i++) {
            long value = start + i * stride;
            FloatVector factor = FloatVector.broadcast(PARTS, weights[weight + i]);
            sum0 = FloatVector.fromMemorySegment(PARTS, values, value, ORDER).fma(factor, sum0);
            sum1 = FloatVector.fromMemorySegment(PARTS, values, value + WIDTH, ORDER)
                    .fma(factor, sum1);
            sum2 = FloatVector.fromMemorySegment(PARTS, values, value + 2 * WIDTH, ORDER)
                    .fma(factor, sum2);
            sum3 = FloatVector.fromMemorySegment(PARTS, values, value + 3 * WIDTH, ORDER)
                    .fma(factor, sum3);
            sum4 = FloatVector.fromMemorySegment(PARTS, values, value + 4 * WIDTH, ORDER)
                    .fma(factor, sum4);
            sum5 = FloatVector.fromMemorySegment(PARTS, values, value + 5 * WIDTH, ORDER)
                    .fma(factor, sum5);
            sum6 = FloatVector.fromMemorySegment(PARTS, values, value + 6 * WIDTH, ORDER)
                    .fma(factor, sum6);
            sum7 = FloatVector.fromMemorySegment(PARTS, values, value + 7 * WIDTH, ORDER)
                    .fma(factor, sum7);
            sum8 = FloatVector.fromMemorySegment(PARTS, values, value + 8 * WIDTH, ORDER)
                    .fma(factor, sum8);
            sum9 = FloatVector.fromMemorySegment(PARTS, values, value + 9 * WIDTH, ORDER)
                    .fma(factor, sum9);
            sum10 = FloatVector.fromMemorySegment(PARTS, values, value + 10 * WIDTH, ORDER)
                    .fma(factor, sum10);
            sum11 = FloatVector.fromMemorySegment(PARTS, values, value + 11 * WIDTH, ORDER)
                    .fma(factor, sum11);
            sum12 = FloatVector.fromMemorySegment(PARTS, values, value + 12 * WIDTH, ORDER)
                    .fma(factor, sum12);
            sum13 = FloatVector.fromMemorySegment(PARTS, values, value + 13 * WIDTH, ORDER)
                    .fma(factor, sum13);
            sum14 = FloatVector.fromMemorySegment(PARTS, values, value + 14 * WIDTH, ORDER)
                    .fma(factor, sum14);
            sum15 = FloatVector.fromMemorySegment(PARTS, values, value + 15 * WIDTH, ORDER)
                    .fma(factor, sum15);
        }
        FloatVector.fromArray(PARTS, outputs, at).add(sum0).intoArray(outputs, at);
        FloatVector.fromArray(PARTS, outputs, at + LENGTH).add(sum1).intoArray(outputs, at + LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 2 * LENGTH).add(sum2).intoArray(outputs, at + 2 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 3 * LENGTH).add(sum3).intoArray(outputs, at + 3 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 4 * LENGTH).add(sum4).intoArray(outputs, at + 4 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 5 * LENGTH).add(sum5).intoArray(outputs, at + 5 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 6 * LENGTH).add(sum6).intoArray(outputs, at + 6 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 7 * LENGTH).add(sum7).intoArray(outputs, at + 7 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 8 * LENGTH).add(sum8).intoArray(outputs, at + 8 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 9 * LENGTH).add(sum9).intoArray(outputs, at + 9 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 10 * LENGTH).add(sum10).intoArray(outputs, at + 10 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 11 * LENGTH).add(sum11).intoArray(outputs, at + 11 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 12 * LENGTH).add(sum12).intoArray(outputs, at + 12 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 13 * LENGTH).add(sum13).intoArray(outputs, at + 13 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 14 * LENGTH).add(sum14).intoArray(outputs, at + 14 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 15 * LENGTH).add(sum15).intoArray(outputs, at + 15 * LENGTH);
    }

    /** Adds eight vectors of the sum of all rows to the output. */
    private static void sum8(
            MemorySegment values,
            long start,
            long stride,
            int count,
            float[] weights,
            int weight,
            float[] outputs,
            int at) {
        FloatVector sum0 = FloatVector.zero(PARTS);
        FloatVector sum1 = FloatVector.zero(PARTS);
        FloatVector sum2 = FloatVector.zero(PARTS);
        FloatVector sum3 = FloatVector.zero(PARTS);
        FloatVector sum4 = FloatVector.zero(PARTS);
        FloatVector sum5 = FloatVector.zero(PARTS);
        FloatVector sum6 = FloatVector.zero(PARTS);
        FloatVector sum7 = FloatVector.zero(PARTS);
        for (int i = 0; i < count; i++) {
            long value = start + i * stride;
            FloatVector factor = FloatVector.broadcast(PARTS, weights[weight + i]);
            sum0 = FloatVector.fromMemorySegment(PARTS, values, value, ORDER).fma(factor, sum0);
            sum1 = FloatVector.fromMemorySegment(PARTS, values, value + WIDTH, ORDER)
                    .fma(factor, sum1);
            sum2 = FloatVector.fromMemorySegment(PARTS, values, value + 2 * WIDTH, ORDER)
                    .fma(factor, sum2);
            sum3 = FloatVector.fromMemorySegment(PARTS, values, value + 3 * WIDTH, ORDER)
                    .fma(factor, sum3);
            sum4 = FloatVector.fromMemorySegment(PARTS, values, value + 4 * WIDTH, ORDER)
                    .fma(factor, sum4);
            sum5 = FloatVector.fromMemorySegment(PARTS, values, value + 5 * WIDTH, ORDER)
                    .fma(factor, sum5);
            sum6 = FloatVector.fromMemorySegment(PARTS, values, value + 6 * WIDTH, ORDER)
                    .fma(factor, sum6);
            sum7 = FloatVector.fromMemorySegment(PARTS, values, value + 7 * WIDTH, ORDER)
                    .fma(factor, sum7);
        }
        FloatVector.fromArray(PARTS, outputs, at).add(sum0).intoArray(outputs, at);
        FloatVector.fromArray(PARTS, outputs, at + LENGTH).add(sum1).intoArray(outputs, at + LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 2 * LENGTH).add(sum2).intoArray(outputs, at + 2 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 3 * LENGTH).add(sum3).intoArray(outputs, at + 3 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 4 * LENGTH).add(sum4).intoArray(outputs, at + 4 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 5 * LENGTH).add(sum5).intoArray(outputs, at + 5 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 6 * LENGTH).add(sum6).intoArray(outputs, at + 6 * LENGTH);
        FloatVector.fromArray(PARTS, outputs, at + 7 * LENGTH).add(sum7).intoArray(outputs, at + 7 * LENGTH);
    }

    /** Adds two vectors of the sum of all rows to the output. */
    private static void sum2(
            MemorySegment values,
            long start,
            long stride,
            int count,
            float[] weights,
            int weight,
            float[] outputs,
            int at) {
        FloatVector sum0 = FloatVector.zero(PARTS);
        FloatVector sum1 = FloatVector.zero(PARTS);
        for (int i = 0; i < count; i++) {
            long value = start + i * stride;
            FloatVector factor = FloatVector.broadcast(PARTS, weights[weight + i]);
            sum0 = FloatVector.fromMemorySegment(PARTS, values, value, ORDER).fma(factor, sum0);
            sum1 = FloatVector.fromMemorySegment(PARTS, values, value + WIDTH, ORDER)
                    .fma(factor, sum1);
        }
        FloatVector.fromArray(PARTS, outputs, at).add(sum0).intoArray(outputs, at);
        FloatVector.fromArray(PARTS, outputs, at + LENGTH).add(sum1).intoArray(outputs, at + LENGTH);
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

    /** Whether the elements of some rows are all finite. */
    static boolean areFinite(RowPanel rows, int count, int dim) {
        MemorySegment memory = rows.memory();
        FloatVector probe = FloatVector.zero(PARTS);
        for (int i = 0; i < count; i++) {
            long row = rows.start() + i * rows.stride();
            for (long d = 0; d < dim * (long) Float.BYTES; d += WIDTH) {
                // 0 · x is 0 for a finite x and not a number for any other.
                probe = FloatVector.fromMemorySegment(PARTS, memory, row + d, ORDER)
                        .mul(0)
                        .add(probe);
            }
        }
        return probe.compare(VectorOperators.EQ, 0).allTrue();
    }
}
