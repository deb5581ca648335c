package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Loops that do nothing but what a processor does best, to measure kernels against. */
final class Ceiling {
    private static final int STEPS = 1 << 14;
    private static final int CHAINS = 12;

    private Ceiling() {}

    /** Floating-point operations of {@link #multiplyAdd}. */
    static double flops() {
        return 2.0 * STEPS * CHAINS * LENGTH;
    }

    /**
     * Fused multiply-adds, as many at a time as hide their latency. Two steps make it too large to be inlined, so that C2 compiles it in one way.
     *
     * @param numbers the factor and what is added, a vector each, then where the sum goes
     */
    static void multiplyAdd(float[] numbers) {
        FloatVector factor = FloatVector.fromArray(FLOATS, numbers, 0);
        FloatVector added = FloatVector.fromArray(FLOATS, numbers, LENGTH);
        FloatVector c0 = added;
        FloatVector c1 = added;
        FloatVector c2 = added;
        FloatVector c3 = added;
        FloatVector c4 = added;
        FloatVector c5 = added;
        FloatVector c6 = added;
        FloatVector c7 = added;
        FloatVector c8 = added;
        FloatVector c9 = added;
        FloatVector c10 = added;
        FloatVector c11 = added;
        for (int i = 0; i < STEPS; i += 2) {
            c0 = c0.fma(factor, added);
            c1 = c1.fma(factor, added);
            c2 = c2.fma(factor, added);
            c3 = c3.fma(factor, added);
            c4 = c4.fma(factor, added);
            c5 = c5.fma(factor, added);
            c6 = c6.fma(factor, added);
            c7 = c7.fma(factor, added);
            c8 = c8.fma(factor, added);
            c9 = c9.fma(factor, added);
            c10 = c10.fma(factor, added);
            c11 = c11.fma(factor, added);
            c0 = c0.fma(factor, added);
            c1 = c1.fma(factor, added);
            c2 = c2.fma(factor, added);
            c3 = c3.fma(factor, added);
            c4 = c4.fma(factor, added);
            c5 = c5.fma(factor, added);
            c6 = c6.fma(factor, added);
            c7 = c7.fma(factor, added);
            c8 = c8.fma(factor, added);
            c9 = c9.fma(factor, added);
            c10 = c10.fma(factor, added);
            c11 = c11.fma(factor, added);
        }
        c0.add(c1)
                .add(c2.add(c3))
                .add(c4.add(c5).add(c6.add(c7)))
                .add(c8.add(c9).add(c10.add(c11)))
                .intoArray(numbers, 2 * LENGTH);
    }

    /** Copies the lower half of some memory to the upper half. */
    static void copy(MemorySegment memory) {
        long half = memory.byteSize() / 2;
        MemorySegment.copy(memory, 0, memory, half, half);
    }
}
