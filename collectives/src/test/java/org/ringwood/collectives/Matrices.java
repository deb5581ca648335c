package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** 2×2 matrices of integers modulo a prime: their product is associative but not commutative, and exact. */
final class Matrices {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final int PRIME = 30_011;

    /** Size of one. */
    static final long BYTES = 4 * INT.byteSize();

    private Matrices() {}

    /** The matrices of a rank. */
    static MemorySegment of(int rank, int count) {
        return MemorySegment.ofArray(
                new SplittableRandom(rank).ints(4L * count, 0, PRIME).toArray());
    }

    static MemorySegment identity(int count) {
        int[] numbers = new int[4 * count];
        for (int i = 0; i < count; i++) {
            numbers[4 * i] = 1;
            numbers[4 * i + 3] = 1;
        }
        return MemorySegment.ofArray(numbers);
    }

    /** The reducer. */
    static void product(MemorySegment lower, MemorySegment higher, MemorySegment into) {
        int[] l = lower.toArray(INT);
        int[] h = higher.toArray(INT);
        int[] product = new int[l.length];
        for (int i = 0; i < product.length; i += 4) {
            product[i] = (l[i] * h[i] + l[i + 1] * h[i + 2]) % PRIME;
            product[i + 1] = (l[i] * h[i + 1] + l[i + 1] * h[i + 3]) % PRIME;
            product[i + 2] = (l[i + 2] * h[i] + l[i + 3] * h[i + 2]) % PRIME;
            product[i + 3] = (l[i + 2] * h[i + 1] + l[i + 3] * h[i + 3]) % PRIME;
        }
        MemorySegment.copy(product, 0, into, INT, 0, product.length);
    }
}
