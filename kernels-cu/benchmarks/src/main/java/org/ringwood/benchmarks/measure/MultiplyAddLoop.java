package org.ringwood.benchmarks.measure;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Fused multiply-adds on registers alone. Twelve independent sums keep two units of six cycles' latency busy, more than any processor
 * needs today, and fit into 16 registers with both factors.
 *
 * <p>Two steps are written out, so that the method is too large to be inlined: C2 compiles it on its own, where within its caller it has kept
 * some of the sums in memory, at half the speed.
 */
final class MultiplyAddLoop implements Ceiling.Loop {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int ITERATIONS = 10_000;
    private static final int SUMS = 12;
    private static final int FLOPS = 2;
    /** The sums converge: {@code s = s * 0.5 + 1} tends to 2. */
    private static final float FACTOR = 0.5f;

    private final float[] results = new float[SPECIES.length()];

    @Override
    public double work() {
        FloatVector factor = FloatVector.broadcast(SPECIES, FACTOR);
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        FloatVector s0 = FloatVector.broadcast(SPECIES, 0);
        FloatVector s1 = one;
        FloatVector s2 = factor;
        FloatVector s3 = one.add(factor);
        FloatVector s4 = one.add(one);
        FloatVector s5 = s4.add(factor);
        FloatVector s6 = s4.add(one);
        FloatVector s7 = s6.add(factor);
        FloatVector s8 = s6.add(one);
        FloatVector s9 = s8.add(factor);
        FloatVector s10 = s8.add(one);
        FloatVector s11 = s10.add(factor);
        for (int i = 0; i < ITERATIONS; i += 2) {
            s0 = s0.fma(factor, one);
            s1 = s1.fma(factor, one);
            s2 = s2.fma(factor, one);
            s3 = s3.fma(factor, one);
            s4 = s4.fma(factor, one);
            s5 = s5.fma(factor, one);
            s6 = s6.fma(factor, one);
            s7 = s7.fma(factor, one);
            s8 = s8.fma(factor, one);
            s9 = s9.fma(factor, one);
            s10 = s10.fma(factor, one);
            s11 = s11.fma(factor, one);
            s0 = s0.fma(factor, one);
            s1 = s1.fma(factor, one);
            s2 = s2.fma(factor, one);
            s3 = s3.fma(factor, one);
            s4 = s4.fma(factor, one);
            s5 = s5.fma(factor, one);
            s6 = s6.fma(factor, one);
            s7 = s7.fma(factor, one);
            s8 = s8.fma(factor, one);
            s9 = s9.fma(factor, one);
            s10 = s10.fma(factor, one);
            s11 = s11.fma(factor, one);
        }
        // Stored, so that the loop is not dead code.
        s0.add(s1)
                .add(s2)
                .add(s3)
                .add(s4)
                .add(s5)
                .add(s6)
                .add(s7)
                .add(s8)
                .add(s9)
                .add(s10)
                .add(s11)
                .intoArray(results, 0);
        return (double) ITERATIONS * SUMS * FLOPS * SPECIES.length();
    }
}
