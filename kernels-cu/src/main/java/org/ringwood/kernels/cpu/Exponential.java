package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Vectors.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@code exp} and {@code tanh} in IEEE operations of a fixed order, so that their bits depend on neither the machine nor the
 * compiler. {@code exp(x) = 2^n · 2^f} with {@code n} the integer next to {@code x·log₂e} and {@code |f| ≤ ½}; {@code 2^f} is a
 * polynomial of degree 6, minimax in relative error (2e-9, far below an f32's rounding).
 */
final class Exponential {
    private static final float LOG2_E = 0x1.715476p0f;

    /** Adding it leaves {@code n + 127} in the low bits of the sum: shifted by 23 they are those of {@code 2^n}. */
    private static final float ROUNDER = 0x1.8p23f + 127;

    /** Logarithm of the smallest normal number; below, the exponential is flushed to 0. */
    private static final float SMALLEST = -0x1.5d589ep6f;

    private static final int MANTISSA_BITS = 23;

    private static final float C1 = 0x1.62e430p-1f;
    private static final float C2 = 0x1.ebfbdcp-3f;
    private static final float C3 = 0x1.c6aee8p-5f;
    private static final float C4 = 0x1.3b2d4cp-7f;
    private static final float C5 = 0x1.5f3e52p-10f;
    private static final float C6 = 0x1.41fbbcp-13f;

    private Exponential() {}

    /**
     * Replaces scores by their weights {@code exp(score − max)}, which is at most 1; −∞ and all below the smallest normal result give
     * 0, and what is not a number stays so.
     *
     * @param scores a vector of them at {@code at}, the next {@code stride} behind it
     * @param count number of vectors
     * @param max the maxima, a vector of them at {@code maxAt}; −∞ where there was no key
     * @param total where the sum of the weights goes, at {@code totalAt}
     */
    static void weigh(
            float[] scores, int at, int stride, int count, float[] max, int maxAt, float[] total, int totalAt) {
        FloatVector largest = FloatVector.fromArray(FLOATS, max, maxAt);
        // Subtracted from −∞, 0 leaves −∞, where −∞ would leave no number.
        largest = largest.blend(0, largest.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
        FloatVector log2E = FloatVector.broadcast(FLOATS, LOG2_E);
        FloatVector rounder = FloatVector.broadcast(FLOATS, ROUNDER);
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int i = 0, next = at; i < count; i++, next += stride) {
            FloatVector x = FloatVector.fromArray(FLOATS, scores, next).sub(largest);
            FloatVector rounded = x.fma(log2E, rounder);
            FloatVector f = x.fma(log2E, rounder.sub(rounded));
            FloatVector p = f.fma(FloatVector.broadcast(FLOATS, C6), FloatVector.broadcast(FLOATS, C5));
            p = p.fma(f, FloatVector.broadcast(FLOATS, C4));
            p = p.fma(f, FloatVector.broadcast(FLOATS, C3));
            p = p.fma(f, FloatVector.broadcast(FLOATS, C2));
            p = p.fma(f, FloatVector.broadcast(FLOATS, C1));
            FloatVector power = rounded.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                    .reinterpretAsFloats();
            // A product and not an addition of exponents, so that a NaN stays one.
            FloatVector weight = p.mul(f).fma(power, power).blend(0, x.compare(VectorOperators.LT, SMALLEST));
            weight.intoArray(scores, next);
            sum = sum.add(weight);
        }
        sum.intoArray(total, totalAt);
    }

    /**
     * Bounds scores to {@code cap · tanh(score / cap)}, where {@code tanh} is computed through {@code exp(−2|x|) − 1} without cancellation.
     *
     * @param scores a vector of them at {@code at}, the next {@code stride} behind it
     * @param count number of vectors
     */
    static void cap(float[] scores, int at, int stride, int count, float cap) {
        FloatVector log2E = FloatVector.broadcast(FLOATS, LOG2_E);
        FloatVector rounder = FloatVector.broadcast(FLOATS, ROUNDER);
        for (int i = 0, next = at; i < count; i++, next += stride) {
            FloatVector x = FloatVector.fromArray(FLOATS, scores, next).div(cap);
            FloatVector y = x.abs().mul(-2).blend(SMALLEST, x.abs().compare(VectorOperators.GT, -SMALLEST / 2));
            FloatVector rounded = y.fma(log2E, rounder);
            FloatVector f = y.fma(log2E, rounder.sub(rounded));
            FloatVector p = f.fma(FloatVector.broadcast(FLOATS, C6), FloatVector.broadcast(FLOATS, C5));
            p = p.fma(f, FloatVector.broadcast(FLOATS, C4));
            p = p.fma(f, FloatVector.broadcast(FLOATS, C3));
            p = p.fma(f, FloatVector.broadcast(FLOATS, C2));
            p = p.fma(f, FloatVector.broadcast(FLOATS, C1));
            FloatVector power = rounded.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                    .reinterpretAsFloats();
            FloatVector minusOne = p.mul(f).fma(power, power.sub(1));
            FloatVector tanh = minusOne.neg().div(minusOne.add(2));
            tanh.blend(tanh.neg(), x.compare(VectorOperators.LT, 0)).mul(cap).intoArray(scores, next);
        }
    }

    /** {@code exp(x)} for {@code x ≤ 0} or NaN, with the bits of {@link #weigh}. */
    static float exp(float x) {
        if (x < SMALLEST) {
            return 0;
        }
        float rounded = Math.fma(x, LOG2_E, ROUNDER);
        float power = Float.intBitsToFloat(Float.floatToRawIntBits(rounded) << MANTISSA_BITS);
        float f = Math.fma(x, LOG2_E, ROUNDER - rounded);
        float p = Math.fma(f, C6, C5);
        p = Math.fma(p, f, C4);
        p = Math.fma(p, f, C3);
        p = Math.fma(p, f, C2);
        p = Math.fma(p, f, C1);
        return Math.fma(p * f, power, power);
    }
}
