package org.ringwood.kernels.cpu;

/**
 * Powers of two in IEEE operations of a fixed order, so that their bits depend on neither the machine nor the
 * compiler. {@code 2^x = 2^n · 2^f} with {@code n} the integer next to {@code x} and {@code |f| ≤ ½}, both exact; {@code 2^f} is a
 * polynomial of degree 6 with coefficients fitted in f32, within 3.0e-9 in relative error: a twentieth of what rounding the result may cost. Vectors of
 * them are computed by {@link LaneWeights}.
 */
final class Exponential {
    /** Factor from natural to binary logarithms, which the scores are in: then a weight needs no multiplication by it. */
    static final float LOG2_E = 0x1.715476p0f;

    static final double LN_2 = 0x1.62e42fefa39efp-1;

    /** Adding it leaves {@code n + 127} in the low bits of the sum: shifted by 23 they are those of {@code 2^n}. */
    static final float ROUNDER = 0x1.8p23f + 127;

    /** Exponent of the smallest normal number; below, the power is flushed to 0. */
    static final float SMALLEST = -126;

    static final int MANTISSA_BITS = 23;

    static final float C1 = 0x1.62e430p-1f;
    static final float C2 = 0x1.ebfbdcp-3f;
    static final float C3 = 0x1.c6af7cp-5f;
    static final float C4 = 0x1.3b2de0p-7f;
    static final float C5 = 0x1.5f082ep-10f;
    static final float C6 = 0x1.416b3ap-13f;

    private Exponential() {}

    /** {@code exp(x)} for {@code x ≤ 0} or NaN. */
    static float exp(float x) {
        if (x * LOG2_E < SMALLEST) {
            return 0;
        }
        float rounded = Math.fma(x, LOG2_E, ROUNDER);
        return power(rounded, Math.fma(x, LOG2_E, ROUNDER - rounded));
    }

    /** {@code 2^x} for {@code x ≤ 0} or NaN. */
    static float power(float x) {
        if (x < SMALLEST) {
            return 0;
        }
        float rounded = x + ROUNDER;
        return power(rounded, x - (rounded - ROUNDER));
    }

    /** {@code 2^n · 2^f}, {@code n} being in the low bits of {@code rounded}. */
    private static float power(float rounded, float f) {
        float power = Float.intBitsToFloat(Float.floatToRawIntBits(rounded) << MANTISSA_BITS);
        float p = Math.fma(f, C6, C5);
        p = Math.fma(p, f, C4);
        p = Math.fma(p, f, C3);
        p = Math.fma(p, f, C2);
        p = Math.fma(p, f, C1);
        return Math.fma(p * f, power, power);
    }

    /** The natural logarithm whose binary one is given, rounded. */
    static float natural(float binary) {
        return (float) (binary * LN_2);
    }

    /** {@code exp(binary · ln 2 − natural)}, of two roundings of one logarithm. */
    static float rebase(float binary, float natural) {
        // Beyond 2^24 the scores themselves are no more exact than what this would mend.
        return Math.abs(binary) < 0x1p24f ? (float) StrictMath.exp(binary * LN_2 - natural) : 1;
    }

    /** What a sum relative to the binary logarithm {@code max} is multiplied by to be relative to {@link #natural}, which is rounded. */
    static float rebase(float max) {
        return rebase(max, natural(max));
    }
}
