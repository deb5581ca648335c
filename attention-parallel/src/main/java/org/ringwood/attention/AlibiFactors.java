package org.ringwood.attention;

import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

/**
 * The bias {@code slope · (j − i)} of attention with linear biases for a query at position i and a key at position j, as a product of factors:
 * any bias {@code φq(i) · φk(j)} comes about by heads that are longer by the factors' elements, with their gradients. Factors precede the
 * other elements of a head: {@code tensor.elements(0, RANK)} of queries and keys are theirs, the rest is the model's.
 *
 * <p>Of keys, positions are cut into digits of 8 bits, and slopes are rounded to 8 bits: so their products are exact, in bf16 also. Of queries, the
 * product is cut into as many numbers of the dtype. They are added in turn, so that what differs between the keys of a row is small before the
 * score is added: where the slope over the scale has 8 bits, as with a scale that is a power of two, outputs are as exact at the ten millionth
 * token as at the first. Log-sum-exps may be off by some {@code 2⁻²⁴ · slope · i}, which is the same for all keys of a row and so of no
 * consequence to their weights; but learnt sinks do not share it, and a softcap would bend it: use neither.
 *
 * <p>Press et al., Train Short, Test Long, arXiv 2108.12409; biases as factors: FlashBias, arXiv 2505.12044.
 */
public final class AlibiFactors {
    private static final int DIGITS = 3;
    private static final int BITS = 8;

    /** Elements that heads are longer by. */
    public static final int RANK = 2 * DIGITS;

    /** Positions are below this. */
    public static final long MAX_TOKENS = 1L << (DIGITS * BITS);

    private AlibiFactors() {}

    /** The slopes of the paper: {@code 2^(−8h/heads)}, h from 1 on. */
    public static float[] slopes(int heads) {
        float[] slopes = new float[heads];
        for (int head = 0; head < heads; head++) {
            slopes[head] = (float) Math.pow(2, -8.0 * (head + 1) / heads);
        }
        return slopes;
    }

    /**
     * Writes the factors of queries.
     *
     * @param factors {@code [rows, heads, RANK]}, overwritten
     * @param positions of the rows
     * @param slopes one a query head, rounded to 8 bits
     * @param scale of the attention's scores, by which the factors of queries are divided
     */
    public static void ofQueries(Tensor factors, Positions positions, float[] slopes, float scale) {
        requireFit(factors, positions);
        if (slopes.length != factors.heads()) {
            throw new IllegalArgumentException(
                    slopes.length + " slopes are not one for each of " + factors.heads() + " heads");
        }
        for (long row = 0; row < factors.tokens(); row++) {
            for (int head = 0; head < slopes.length; head++) {
                float slope = ofFewBits(slopes[head]) / scale;
                factors.set(row, head, 0, slope);
                double rest = -(double) factors.get(row, head, 0) * positions.position(row);
                for (int digit = 0; digit < DIGITS; digit++) {
                    factors.set(row, head, 2 * digit, slope);
                    factors.set(row, head, 2 * digit + 1, (float) rest);
                    rest -= factors.get(row, head, 2 * digit + 1);
                }
            }
        }
    }

    /**
     * Writes the factors of keys.
     *
     * @param factors {@code [rows, kvHeads, RANK]}, overwritten
     * @param positions of the rows
     */
    public static void ofKeys(Tensor factors, Positions positions) {
        requireFit(factors, positions);
        for (long row = 0; row < factors.tokens(); row++) {
            for (int head = 0; head < factors.heads(); head++) {
                for (int digit = 0; digit < DIGITS; digit++) {
                    factors.set(row, head, 2 * digit, digit(positions.position(row), digit));
                    factors.set(row, head, 2 * digit + 1, 1);
                }
            }
        }
    }

    /** The most significant first, each with its weight. */
    private static float digit(long position, int digit) {
        int shift = BITS * (DIGITS - 1 - digit);
        return (float) ((position >>> shift & (1 << BITS) - 1) << shift);
    }

    private static float ofFewBits(float slope) {
        int exponent = Math.getExponent(slope);
        return Math.scalb(Math.round(Math.scalb(slope, BITS - 1 - exponent)), exponent - BITS + 1);
    }

    private static void requireFit(Tensor factors, Positions positions) {
        if (factors.dim() != RANK || factors.tokens() != positions.rows()) {
            throw new IllegalArgumentException("factors " + factors.shape() + " are not those of " + positions.rows()
                    + " rows, " + RANK + " elements a head");
        }
        if (factors.dtype() == DType.F16) {
            throw new IllegalArgumentException("F16 has no numbers for positions; take F32 or BF16");
        }
        for (var chunk : positions.chunks()) {
            if (chunk.to() > MAX_TOKENS) {
                throw new IllegalArgumentException("position " + (chunk.to() - 1) + " is not below " + MAX_TOKENS
                        + ", where the digits of positions end");
            }
        }
    }
}
