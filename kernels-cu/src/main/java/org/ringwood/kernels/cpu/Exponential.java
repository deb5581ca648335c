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

    private static final float C1 = 0x1.62e430p-1f;
    private static final float C2 = 0x1.ebfbdcp-3f;
    private static final float C3 = 0x1.c6aee8p-5f;
    private static final float C4 = 0x1.3b2d4cp-7f;
    private static final float C5 = 0x1.5f3e52p-10f;
    private static final float C6 = 0x1.41fbbcp-13f;

    private Exponential() {}

    /** {@code exp(x)} for {@code x ≤ 0} or NaN; −∞ and all below the smallest normal result give 0. */
    static FloatVector exp(FloatVector x) {
        FloatVector rounded = x.fma(broadcast(LOG2_E), broadcast(ROUNDER));
        FloatVector power = powerOfTwo(rounded);
        FloatVector f = x.fma(broadcast(LOG2_E), broadcast(ROUNDER).sub(rounded));
        // A product and not an addition of exponents, so that a NaN stays one.
        return fractionMinusOne(f).fma(power, power).blend(0, x.compare(VectorOperators.LT, SMALLEST));
    }

    /** {@code tanh(x)} for any x, through {@code exp(−2|x|) − 1} without cancellation. */
    static FloatVector tanh(FloatVector x) {
        FloatVector y = x.abs().mul(-2).blend(SMALLEST, x.abs().compare(VectorOperators.GT, -SMALLEST / 2));
        FloatVector rounded = y.fma(broadcast(LOG2_E), broadcast(ROUNDER));
        FloatVector power = powerOfTwo(rounded);
        FloatVector f = y.fma(broadcast(LOG2_E), broadcast(ROUNDER).sub(rounded));
        FloatVector minusOne = fractionMinusOne(f).fma(power, power.sub(1));
        FloatVector magnitude = minusOne.neg().div(minusOne.add(2));
        return magnitude.blend(magnitude.neg(), x.compare(VectorOperators.LT, 0));
    }

    /** {@link #exp(FloatVector)} of one number, with the same bits. */
    static float exp(float x) {
        if (x < SMALLEST) {
            return 0;
        }
        float rounded = Math.fma(x, LOG2_E, ROUNDER);
        float power = Float.intBitsToFloat(Float.floatToRawIntBits(rounded) << 23);
        float f = Math.fma(x, LOG2_E, ROUNDER - rounded);
        float p = Math.fma(f, C6, C5);
        p = Math.fma(p, f, C4);
        p = Math.fma(p, f, C3);
        p = Math.fma(p, f, C2);
        p = Math.fma(p, f, C1);
        return Math.fma(p * f, power, power);
    }

    private static FloatVector powerOfTwo(FloatVector rounded) {
        return rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    /** {@code 2^f − 1}. */
    private static FloatVector fractionMinusOne(FloatVector f) {
        FloatVector p = f.fma(broadcast(C6), broadcast(C5));
        p = p.fma(f, broadcast(C4));
        p = p.fma(f, broadcast(C3));
        p = p.fma(f, broadcast(C2));
        p = p.fma(f, broadcast(C1));
        return p.mul(f);
    }

    private static FloatVector broadcast(float value) {
        return FloatVector.broadcast(FLOATS, value);
    }
}
