package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reading is exact, writing rounds to the nearest, ties to even. */
class DTypeTest {
    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void every16BitNumberSurvives(DType dtype) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(5);
            for (int bits = 0; bits < 1 << 16; bits++) {
                float value = widen(dtype, bits);
                dtype.set(memory, 1, value);
                float read = dtype.get(memory, 1);
                assertThat(Float.compare(read, value)).as("bits %x", bits).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void roundsToTheNearestAndTiesToEven(DType dtype) {
        Random random = new Random(7);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(2);
            int largest = dtype == DType.F16 ? 0x7BFF : 0x7F7F;
            for (int i = 0; i < 200_000; i++) {
                int bits = random.nextInt(largest);
                double low = widen(dtype, bits);
                double high = widen(dtype, bits + 1);
                double between = random.nextInt(5) / 4.0;
                float value = (float) (low + (high - low) * between);
                double even = bits % 2 == 0 ? low : high;
                double expected = between < 0.5 ? low : between > 0.5 ? high : even;
                dtype.set(memory, 0, value);
                assertThat((double) dtype.get(memory, 0))
                        .as("%s from %s", dtype, value)
                        .isEqualTo(expected);
                dtype.set(memory, 0, -value);
                assertThat((double) dtype.get(memory, 0)).isEqualTo(-expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsTooLargeBecomesInfiniteAndNaNStaysNaN(DType dtype) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(4);
            dtype.set(memory, 0, Float.POSITIVE_INFINITY);
            assertThat(dtype.get(memory, 0)).isEqualTo(Float.POSITIVE_INFINITY);
            for (int payload : new int[] {0x7F800001, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FC00000}) {
                dtype.set(memory, 0, Float.intBitsToFloat(payload));
                assertThat(dtype.get(memory, 0)).as("%x", payload).isNaN();
            }
            dtype.set(memory, 0, Float.MAX_VALUE);
            assertThat(dtype.get(memory, 0)).isEqualTo(dtype == DType.F32 ? Float.MAX_VALUE : Float.POSITIVE_INFINITY);
        }
    }

    @ParameterizedTest
    @EnumSource
    void runsAreReadAndWrittenLikeElements(DType dtype) {
        Random random = new Random(3);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(400);
            float[] from = new float[50];
            for (int i = 0; i < from.length; i++) {
                from[i] = (float) random.nextGaussian();
            }
            dtype.write(from, 3, 40, memory, 5);
            float[] into = new float[50];
            dtype.read(memory, 5, into, 2, 40);
            for (int i = 0; i < 40; i++) {
                float element = dtype.get(memory, 5 + (long) i * dtype.bytes());
                assertThat(into[2 + i]).isEqualTo(element);
                dtype.set(memory, 200, from[3 + i]);
                assertThat(element).isEqualTo(dtype.get(memory, 200));
            }
            assertThat(into[1]).isZero();
            assertThat(into[42]).isZero();
        }
    }

    @Test
    void epsilonIsTheStepAboveOne() {
        assertThat(Math.ulp(1f)).isEqualTo((float) DType.F32.epsilon());
        assertThat(widen(DType.F16, 0x3C01) - 1.0).isEqualTo(DType.F16.epsilon());
        assertThat(widen(DType.BF16, 0x3F81) - 1.0).isEqualTo(DType.BF16.epsilon());
    }

    /** What the bits mean, read off the formats' definitions. */
    private static float widen(DType dtype, int bits) {
        int fractionBits = dtype == DType.F16 ? 10 : 7;
        int bias = dtype == DType.F16 ? 15 : 127;
        int fraction = bits & ((1 << fractionBits) - 1);
        int exponent = (bits & 0x7FFF) >> fractionBits;
        double sign = (bits & 0x8000) == 0 ? 1 : -1;
        if (exponent == 2 * bias + 1) {
            return fraction == 0 ? (float) (sign * Double.POSITIVE_INFINITY) : Float.NaN;
        }
        double significand = exponent == 0 ? fraction : fraction + (1 << fractionBits);
        return (float) (sign * Math.scalb(significand, Math.max(exponent, 1) - bias - fractionBits));
    }
}
