package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The matrix products of both halves of attention for few queries, with the elements of a row in the lanes of vectors.
 *
 * <p>What costs time is to read keys and values from main memory, which is fast only in the order of addresses. So every method here
 * goes over the rows of a block, one after the other, with all of one query's vectors in registers or a quarter as many of four queries.
 *
 * <p>A score is the sum of {@link #LANES} partial sums, element {@code d} belonging to partial sum {@code d mod LANES}, added up in the
 * order of a fixed tree; the sum of a block's values is one chain of fused multiply-adds in the
 * order of the keys. So bits depend neither on the width of the
 * vectors nor on how many queries are multiplied together.
 */
final class RowProduct {
    /** Partial sums of a score. Rows are padded to a multiple of it. */
    static final int LANES = 16;

    /** Queries that are multiplied together, if there are several. */
    static final int QUERIES = 4;

    /** Floats of the partial sums of a block. */
    static final int PARTIAL_SUMS = Scratch.BLOCK * QUERIES * LANES;

    private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_128;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** Bytes from a vector of a query to the next one with the same partial sums. */
    private static final long STEP = (long) LANES * Float.BYTES;

    /** Bytes of a vector. */
    private static final long WIDTH = (long) LENGTH * Float.BYTES;

    private RowProduct() {}

    /** Elements of a row with its padding. */
    static int padded(int dim) {
        return Math.ceilDiv(dim, LANES) * LANES;
    }

    /**
     * Scores of one query or of {@link #QUERIES}, with each key side by side.
     *
     * @param keys the keys
     * @param first row of the first one
     * @param count number of keys
     * @param together number of queries
     * @param query place of the first query in {@code queries}; the others follow, {@code dim} apart
     * @param dim elements, a multiple of {@link #LANES}
     * @param scores where the scores go: those of key i at {@code at + i · Scratch.LANES}
     * @param partial room for {@link #PARTIAL_SUMS}
     */
    static void score(
            BlockRows keys,
            int first,
            int count,
            int together,
            float[] queries,
            int query,
            int dim,
            float[] scores,
            int at,
            float[] partial) {
        Arrays.fill(partial, 0, count * together * LANES, 0);
        MemorySegment memory = keys.memory();
        long stride = keys.stride();
        for (int strip = 0; strip < LANES; strip += LENGTH) {
            int d = strip;
            if (together == 1) {
                for (; d + 7 * LANES < dim; d += 8 * LANES) {
                    dot8(memory, keys.offset(first, d), stride, count, queries, query + d, partial, strip);
                }
                for (; d < dim; d += LANES) {
                    dot1(memory, keys.offset(first, d), stride, count, queries, query + d, partial, strip);
                }
            } else {
                for (; d + 3 * LANES < dim; d += 4 * LANES) {
                    dots4(memory, keys.offset(first, d), stride, count, queries, query + d, dim, partial, strip);
                }
                for (; d < dim; d += LANES) {
                    dots1(memory, keys.offset(first, d), stride, count, queries, query + d, dim, partial, strip);
                }
            }
        }
        addUp(partial, count, together, scores, at);
    }

    /** Adds the products of eight vectors of one query to the partial sums of every key. */
    private static void dot8(
            MemorySegment keys,
            long start,
            long stride,
            int count,
            float[] queries,
            int query,
            float[] partial,
            int strip) {
        FloatVector q0 = FloatVector.fromArray(FLOATS, queries, query);
        FloatVector q1 = FloatVector.fromArray(FLOATS, queries, query + LANES);
        FloatVector q2 = FloatVector.fromArray(FLOATS, queries, query + 2 * LANES);
        FloatVector q3 = FloatVector.fromArray(FLOATS, queries, query + 3 * LANES);
        FloatVector q4 = FloatVector.fromArray(FLOATS, queries, query + 4 * LANES);
        FloatVector q5 = FloatVector.fromArray(FLOATS, queries, query + 5 * LANES);
        FloatVector q6 = FloatVector.fromArray(FLOATS, queries, query + 6 * LANES);
        FloatVector q7 = FloatVector.fromArray(FLOATS, queries, query + 7 * LANES);
        for (int i = 0; i < count; i++) {
            long key = start + i * stride;
            int at = i * LANES + strip;
            FloatVector sum = FloatVector.fromArray(FLOATS, partial, at);
            sum = FloatVector.fromMemorySegment(FLOATS, keys, key, ORDER).fma(q0, sum);
            sum = FloatVector.fromMemorySegment(FLOATS, keys, key + STEP, ORDER).fma(q1, sum);
            sum = FloatVector.fromMemorySegment(FLOATS, keys, key + 2 * STEP, ORDER)
                    .fma(q2, sum);
            sum = FloatVector.fromMemorySegment(FLOATS, keys, key + 3 * STEP, ORDER)
                    .fma(q3, sum);
            sum = FloatVector.fromMemorySegment(FLOATS, keys, key + 4 * STEP, ORDER)
                    .fma(q4, sum);
            sum = FloatVector.fromMemorySegment(FLOATS, keys, key + 5 * STEP, ORDER)
                    .fma(q5, sum);
            sum = FloatVector.fromMemorySegment(FLOATS, keys, key + 6 * STEP, ORDER)
                    .fma(q6, sum);
            sum = FloatVector.fromMemorySegment(FLOATS, keys, key + 7 * STEP, ORDER)
                    .fma(q7, sum);
            sum.intoArray(partial, at);
        }
    }

    /** Adds the products of one vector of one query to the partial sums of every key. */
    private static void dot1(
            MemorySegment keys,
            long start,
            long stride,
            int count,
            float[] queries,
            int query,
            float[] partial,
            int strip) {
        FloatVector q0 = FloatVector.fromArray(FLOATS, queries, query);
        for (int i = 0; i < count; i++) {
            long key = start + i * stride;
            int at = i * LANES + strip;
            FloatVector sum = FloatVector.fromArray(FLOATS, partial, at);
            sum = FloatVector.fromMemorySegment(FLOATS, keys, key, ORDER).fma(q0, sum);
            sum.intoArray(partial, at);
        }
    }

    /** Adds the products of four vectors of each of four queries to the partial sums of every key. */
    private static void dots4(
            MemorySegment keys,
            long start,
            long stride,
            int count,
            float[] queries,
            int query,
            int dim,
            float[] partial,
            int strip) {
        FloatVector q00 = FloatVector.fromArray(FLOATS, queries, query);
        FloatVector q01 = FloatVector.fromArray(FLOATS, queries, query + LANES);
        FloatVector q02 = FloatVector.fromArray(FLOATS, queries, query + 2 * LANES);
        FloatVector q03 = FloatVector.fromArray(FLOATS, queries, query + 3 * LANES);
        FloatVector q10 = FloatVector.fromArray(FLOATS, queries, query + dim);
        FloatVector q11 = FloatVector.fromArray(FLOATS, queries, query + dim + LANES);
        FloatVector q12 = FloatVector.fromArray(FLOATS, queries, query + dim + 2 * LANES);
        FloatVector q13 = FloatVector.fromArray(FLOATS, queries, query + dim + 3 * LANES);
        FloatVector q20 = FloatVector.fromArray(FLOATS, queries, query + 2 * dim);
        FloatVector q21 = FloatVector.fromArray(FLOATS, queries, query + 2 * dim + LANES);
        FloatVector q22 = FloatVector.fromArray(FLOATS, queries, query + 2 * dim + 2 * LANES);
        FloatVector q23 = FloatVector.fromArray(FLOATS, queries, query + 2 * dim + 3 * LANES);
        FloatVector q30 = FloatVector.fromArray(FLOATS, queries, query + 3 * dim);
        FloatVector q31 = FloatVector.fromArray(FLOATS, queries, query + 3 * dim + LANES);
        FloatVector q32 = FloatVector.fromArray(FLOATS, queries, query + 3 * dim + 2 * LANES);
        FloatVector q33 = FloatVector.fromArray(FLOATS, queries, query + 3 * dim + 3 * LANES);
        for (int i = 0; i < count; i++) {
            long key = start + i * stride;
            int at = i * QUERIES * LANES + strip;
            FloatVector sum0 = FloatVector.fromArray(FLOATS, partial, at);
            FloatVector sum1 = FloatVector.fromArray(FLOATS, partial, at + LANES);
            FloatVector sum2 = FloatVector.fromArray(FLOATS, partial, at + 2 * LANES);
            FloatVector sum3 = FloatVector.fromArray(FLOATS, partial, at + 3 * LANES);
            FloatVector k0 = FloatVector.fromMemorySegment(FLOATS, keys, key, ORDER);
            sum0 = k0.fma(q00, sum0);
            sum1 = k0.fma(q10, sum1);
            sum2 = k0.fma(q20, sum2);
            sum3 = k0.fma(q30, sum3);
            FloatVector k1 = FloatVector.fromMemorySegment(FLOATS, keys, key + STEP, ORDER);
            sum0 = k1.fma(q01, sum0);
            sum1 = k1.fma(q11, sum1);
            sum2 = k1.fma(q21, sum2);
            sum3 = k1.fma(q31, sum3);
            FloatVector k2 = FloatVector.fromMemorySegment(FLOATS, keys, key + 2 * STEP, ORDER);
            sum0 = k2.fma(q02, sum0);
            sum1 = k2.fma(q12, sum1);
            sum2 = k2.fma(q22, sum2);
            sum3 = k2.fma(q32, sum3);
            FloatVector k3 = FloatVector.fromMemorySegment(FLOATS, keys, key + 3 * STEP, ORDER);
            sum0 = k3.fma(q03, sum0);
            sum1 = k3.fma(q13, sum1);
            sum2 = k3.fma(q23, sum2);
            sum3 = k3.fma(q33, sum3);
            sum0.intoArray(partial, at);
            sum1.intoArray(partial, at + LANES);
            sum2.intoArray(partial, at + 2 * LANES);
            sum3.intoArray(partial, at + 3 * LANES);
        }
    }

    /** Adds the products of one vector of each of four queries to the partial sums of every key. */
    private static void dots1(
            MemorySegment keys,
            long start,
            long stride,
            int count,
            float[] queries,
            int query,
            int dim,
            float[] partial,
            int strip) {
        FloatVector q00 = FloatVector.fromArray(FLOATS, queries, query);
        FloatVector q10 = FloatVector.fromArray(FLOATS, queries, query + dim);
        FloatVector q20 = FloatVector.fromArray(FLOATS, queries, query + 2 * dim);
        FloatVector q30 = FloatVector.fromArray(FLOATS, queries, query + 3 * dim);
        for (int i = 0; i < count; i++) {
            long key = start + i * stride;
            int at = i * QUERIES * LANES + strip;
            FloatVector sum0 = FloatVector.fromArray(FLOATS, partial, at);
            FloatVector sum1 = FloatVector.fromArray(FLOATS, partial, at + LANES);
            FloatVector sum2 = FloatVector.fromArray(FLOATS, partial, at + 2 * LANES);
            FloatVector sum3 = FloatVector.fromArray(FLOATS, partial, at + 3 * LANES);
            FloatVector k0 = FloatVector.fromMemorySegment(FLOATS, keys, key, ORDER);
            sum0 = k0.fma(q00, sum0);
            sum1 = k0.fma(q10, sum1);
            sum2 = k0.fma(q20, sum2);
            sum3 = k0.fma(q30, sum3);
            sum0.intoArray(partial, at);
            sum1.intoArray(partial, at + LANES);
            sum2.intoArray(partial, at + 2 * LANES);
            sum3.intoArray(partial, at + 3 * LANES);
        }
    }

    /** Adds up the partial sums of every key and query. */
    private static void addUp(float[] partial, int count, int queries, float[] scores, int at) {
        for (int i = 0; i < count * queries; i++) {
            int sums = i * LANES;
            FloatVector.fromArray(QUARTER, partial, sums)
                    .add(FloatVector.fromArray(QUARTER, partial, sums + 8))
                    .add(FloatVector.fromArray(QUARTER, partial, sums + 4)
                            .add(FloatVector.fromArray(QUARTER, partial, sums + 12)))
                    .intoArray(partial, sums);
            scores[at + i / queries * Scratch.LANES + i % queries] =
                    (partial[sums] + partial[sums + 2]) + (partial[sums + 1] + partial[sums + 3]);
        }
    }

    /**
     * The sums of values with the weights of one query or of {@link #QUERIES}.
     *
     * @param values the values
     * @param first row of the first one
     * @param count number of values
     * @param together number of queries
     * @param weights weights of value i at {@code weight + i · Scratch.LANES}, those of the queries side by side
     * @param product where the sums go, from its start, {@code dim} apart
     * @param dim elements, a multiple of {@link #LANES}
     */
    static void multiply(
            BlockRows values,
            int first,
            int count,
            int together,
            float[] weights,
            int weight,
            float[] product,
            int dim) {
        MemorySegment memory = values.memory();
        long stride = values.stride();
        int d = 0;
        if (together == 1) {
            for (; d + 8 * LENGTH <= dim; d += 8 * LENGTH) {
                sum8(memory, values.offset(first, d), stride, count, weights, weight, product, d);
            }
            for (; d < dim; d += LENGTH) {
                sum1(memory, values.offset(first, d), stride, count, weights, weight, product, d);
            }
        } else {
            for (; d + 4 * LENGTH <= dim; d += 4 * LENGTH) {
                sums4(memory, values.offset(first, d), stride, count, weights, weight, product, d, dim);
            }
            for (; d < dim; d += LENGTH) {
                sums1(memory, values.offset(first, d), stride, count, weights, weight, product, d, dim);
            }
        }
    }

    /** Eight vectors of the sum of one query. */
    private static void sum8(
            MemorySegment values,
            long start,
            long stride,
            int count,
            float[] weights,
            int weight,
            float[] product,
            int at) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = FloatVector.zero(FLOATS);
        FloatVector sum2 = FloatVector.zero(FLOATS);
        FloatVector sum3 = FloatVector.zero(FLOATS);
        FloatVector sum4 = FloatVector.zero(FLOATS);
        FloatVector sum5 = FloatVector.zero(FLOATS);
        FloatVector sum6 = FloatVector.zero(FLOATS);
        FloatVector sum7 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            long value = start + i * stride;
            FloatVector factor = FloatVector.broadcast(FLOATS, weights[weight + i * Scratch.LANES]);
            sum0 = FloatVector.fromMemorySegment(FLOATS, values, value, ORDER).fma(factor, sum0);
            sum1 = FloatVector.fromMemorySegment(FLOATS, values, value + WIDTH, ORDER)
                    .fma(factor, sum1);
            sum2 = FloatVector.fromMemorySegment(FLOATS, values, value + 2 * WIDTH, ORDER)
                    .fma(factor, sum2);
            sum3 = FloatVector.fromMemorySegment(FLOATS, values, value + 3 * WIDTH, ORDER)
                    .fma(factor, sum3);
            sum4 = FloatVector.fromMemorySegment(FLOATS, values, value + 4 * WIDTH, ORDER)
                    .fma(factor, sum4);
            sum5 = FloatVector.fromMemorySegment(FLOATS, values, value + 5 * WIDTH, ORDER)
                    .fma(factor, sum5);
            sum6 = FloatVector.fromMemorySegment(FLOATS, values, value + 6 * WIDTH, ORDER)
                    .fma(factor, sum6);
            sum7 = FloatVector.fromMemorySegment(FLOATS, values, value + 7 * WIDTH, ORDER)
                    .fma(factor, sum7);
        }
        sum0.intoArray(product, at);
        sum1.intoArray(product, at + LENGTH);
        sum2.intoArray(product, at + 2 * LENGTH);
        sum3.intoArray(product, at + 3 * LENGTH);
        sum4.intoArray(product, at + 4 * LENGTH);
        sum5.intoArray(product, at + 5 * LENGTH);
        sum6.intoArray(product, at + 6 * LENGTH);
        sum7.intoArray(product, at + 7 * LENGTH);
    }

    /** One vector of the sum of one query. */
    private static void sum1(
            MemorySegment values,
            long start,
            long stride,
            int count,
            float[] weights,
            int weight,
            float[] product,
            int at) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            long value = start + i * stride;
            FloatVector factor = FloatVector.broadcast(FLOATS, weights[weight + i * Scratch.LANES]);
            sum0 = FloatVector.fromMemorySegment(FLOATS, values, value, ORDER).fma(factor, sum0);
        }
        sum0.intoArray(product, at);
    }

    /** Four vectors of the sums of four queries. */
    private static void sums4(
            MemorySegment values,
            long start,
            long stride,
            int count,
            float[] weights,
            int weight,
            float[] product,
            int at,
            int dim) {
        FloatVector sum00 = FloatVector.zero(FLOATS);
        FloatVector sum01 = FloatVector.zero(FLOATS);
        FloatVector sum02 = FloatVector.zero(FLOATS);
        FloatVector sum03 = FloatVector.zero(FLOATS);
        FloatVector sum10 = FloatVector.zero(FLOATS);
        FloatVector sum11 = FloatVector.zero(FLOATS);
        FloatVector sum12 = FloatVector.zero(FLOATS);
        FloatVector sum13 = FloatVector.zero(FLOATS);
        FloatVector sum20 = FloatVector.zero(FLOATS);
        FloatVector sum21 = FloatVector.zero(FLOATS);
        FloatVector sum22 = FloatVector.zero(FLOATS);
        FloatVector sum23 = FloatVector.zero(FLOATS);
        FloatVector sum30 = FloatVector.zero(FLOATS);
        FloatVector sum31 = FloatVector.zero(FLOATS);
        FloatVector sum32 = FloatVector.zero(FLOATS);
        FloatVector sum33 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            long value = start + i * stride;
            int factors = weight + i * Scratch.LANES;
            FloatVector v0 = FloatVector.fromMemorySegment(FLOATS, values, value, ORDER);
            FloatVector v1 = FloatVector.fromMemorySegment(FLOATS, values, value + WIDTH, ORDER);
            FloatVector v2 = FloatVector.fromMemorySegment(FLOATS, values, value + 2 * WIDTH, ORDER);
            FloatVector v3 = FloatVector.fromMemorySegment(FLOATS, values, value + 3 * WIDTH, ORDER);
            FloatVector w0 = FloatVector.broadcast(FLOATS, weights[factors]);
            sum00 = v0.fma(w0, sum00);
            sum01 = v1.fma(w0, sum01);
            sum02 = v2.fma(w0, sum02);
            sum03 = v3.fma(w0, sum03);
            FloatVector w1 = FloatVector.broadcast(FLOATS, weights[factors + 1]);
            sum10 = v0.fma(w1, sum10);
            sum11 = v1.fma(w1, sum11);
            sum12 = v2.fma(w1, sum12);
            sum13 = v3.fma(w1, sum13);
            FloatVector w2 = FloatVector.broadcast(FLOATS, weights[factors + 2]);
            sum20 = v0.fma(w2, sum20);
            sum21 = v1.fma(w2, sum21);
            sum22 = v2.fma(w2, sum22);
            sum23 = v3.fma(w2, sum23);
            FloatVector w3 = FloatVector.broadcast(FLOATS, weights[factors + 3]);
            sum30 = v0.fma(w3, sum30);
            sum31 = v1.fma(w3, sum31);
            sum32 = v2.fma(w3, sum32);
            sum33 = v3.fma(w3, sum33);
        }
        sum00.intoArray(product, at);
        sum01.intoArray(product, at + LENGTH);
        sum02.intoArray(product, at + 2 * LENGTH);
        sum03.intoArray(product, at + 3 * LENGTH);
        sum10.intoArray(product, at + dim);
        sum11.intoArray(product, at + dim + LENGTH);
        sum12.intoArray(product, at + dim + 2 * LENGTH);
        sum13.intoArray(product, at + dim + 3 * LENGTH);
        sum20.intoArray(product, at + 2 * dim);
        sum21.intoArray(product, at + 2 * dim + LENGTH);
        sum22.intoArray(product, at + 2 * dim + 2 * LENGTH);
        sum23.intoArray(product, at + 2 * dim + 3 * LENGTH);
        sum30.intoArray(product, at + 3 * dim);
        sum31.intoArray(product, at + 3 * dim + LENGTH);
        sum32.intoArray(product, at + 3 * dim + 2 * LENGTH);
        sum33.intoArray(product, at + 3 * dim + 3 * LENGTH);
    }

    /** One vector of the sums of four queries. */
    private static void sums1(
            MemorySegment values,
            long start,
            long stride,
            int count,
            float[] weights,
            int weight,
            float[] product,
            int at,
            int dim) {
        FloatVector sum00 = FloatVector.zero(FLOATS);
        FloatVector sum10 = FloatVector.zero(FLOATS);
        FloatVector sum20 = FloatVector.zero(FLOATS);
        FloatVector sum30 = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            long value = start + i * stride;
            int factors = weight + i * Scratch.LANES;
            FloatVector v0 = FloatVector.fromMemorySegment(FLOATS, values, value, ORDER);
            FloatVector w0 = FloatVector.broadcast(FLOATS, weights[factors]);
            sum00 = v0.fma(w0, sum00);
            FloatVector w1 = FloatVector.broadcast(FLOATS, weights[factors + 1]);
            sum10 = v0.fma(w1, sum10);
            FloatVector w2 = FloatVector.broadcast(FLOATS, weights[factors + 2]);
            sum20 = v0.fma(w2, sum20);
            FloatVector w3 = FloatVector.broadcast(FLOATS, weights[factors + 3]);
            sum30 = v0.fma(w3, sum30);
        }
        sum00.intoArray(product, at);
        sum10.intoArray(product, at + dim);
        sum20.intoArray(product, at + 2 * dim);
        sum30.intoArray(product, at + 3 * dim);
    }

    /** {@code output = output · factor + product}. */
    static void fold(float[] outputs, int output, float factor, float[] product, int at, int dim) {
        for (int d = 0; d < dim; d += LENGTH) {
            FloatVector.fromArray(FLOATS, outputs, output + d)
                    .fma(FloatVector.broadcast(FLOATS, factor), FloatVector.fromArray(FLOATS, product, at + d))
                    .intoArray(outputs, output + d);
        }
    }

    /** Whether the elements of a row are all finite. */
    static boolean isFinite(BlockRows rows, int row, int dim) {
        FloatVector probe = FloatVector.zero(FLOATS);
        for (int d = 0; d < dim; d += LENGTH) {
            // 0 · x is 0 for a finite x and not a number for any other.
            probe = FloatVector.fromMemorySegment(FLOATS, rows.memory(), rows.offset(row, d), ORDER)
                    .mul(0)
                    .add(probe);
        }
        return probe.compare(VectorOperators.EQ, 0).allTrue();
    }
}
