/** Writes what the softmax does with vectors of scores, wherever a power of two is needed. */
final class LaneWeightGenerator {
    /**
     * Rows of scores that are weighed together. With the rest of a row, the loops of two are too large to be inlined: C2 compiles them on
     * their own, always the same way, where inlined copies differed by half of their time. Those of four exceed what C2 inlines of the
     * Vector API into a method, so that vectors become objects.
     */
    private static final int ROWS_OF_SCORES = 2;

    private LaneWeightGenerator() {}

    static String laneWeights() {
        return """
                package org.ringwood.kernels.cpu;

                import static org.ringwood.kernels.cpu.Exponential.C1;
                import static org.ringwood.kernels.cpu.Exponential.C2;
                import static org.ringwood.kernels.cpu.Exponential.C3;
                import static org.ringwood.kernels.cpu.Exponential.C4;
                import static org.ringwood.kernels.cpu.Exponential.C5;
                import static org.ringwood.kernels.cpu.Exponential.C6;
                import static org.ringwood.kernels.cpu.Exponential.LOG2_E;
                import static org.ringwood.kernels.cpu.Exponential.MANTISSA_BITS;
                import static org.ringwood.kernels.cpu.Exponential.ROUNDER;
                import static org.ringwood.kernels.cpu.Exponential.SMALLEST;
                import static org.ringwood.kernels.cpu.Scratch.LANES;
                import static org.ringwood.kernels.cpu.Vectors.FLOATS;

                import jdk.incubator.vector.FloatVector;
                import jdk.incubator.vector.VectorOperators;

                /** What the softmax does with vectors of scores: the powers of two of {@link Exponential}, lane by lane. */
                final class LaneWeights {
                    private LaneWeights() {}

                    /**
                     * Replaces scores by their weights {@code 2^(score − max)}, which is at most 1; −∞ and all below the smallest normal result
                     * give 0, and what is not a number stays so.
                     *
                     * @param scores a vector of them at {@code at}, the next {@code Scratch.LANES} behind it
                     * @param count number of vectors
                     * @param max the maxima, a vector of them at {@code maxAt}; −∞ where there was no key
                     * @param total where the sum of the weights goes, at {@code totalAt}
                     */
                    static void weigh(float[] scores, int at, int count, float[] max, int maxAt, float[] total, int totalAt) {
                        FloatVector largest = FloatVector.fromArray(FLOATS, max, maxAt);
                        // Subtracted from −∞, 0 leaves −∞, where −∞ would leave no number.
                        largest = largest.blend(0, largest.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
                        FloatVector rounder = FloatVector.broadcast(FLOATS, ROUNDER);
                %1$s        int i = 0;
                        for (; i + %2$d <= count; i += %2$d) {
                %3$s        }
                        for (; i < count; i++) {
                %4$s        }
                        %5$s.intoArray(total, totalAt);
                    }

                    /** Replaces the maxima in {@code before} by {@code 2^(before − max)}: what sums and outputs so far are multiplied by. */
                    static void decay(float[] before, int at, float[] max, int maxAt) {
                        FloatVector largest = FloatVector.fromArray(FLOATS, max, maxAt);
                        largest = largest.blend(0, largest.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
                        FloatVector rounder = FloatVector.broadcast(FLOATS, ROUNDER);
                        FloatVector x0 = FloatVector.fromArray(FLOATS, before, at).sub(largest);
                %6$s        FloatVector decay = %7$s;
                        decay.intoArray(before, at);
                    }

                    /**
                     * Bounds scores to {@code cap · tanh(score / cap)}, and turns them from natural to binary logarithms. {@code tanh} is
                     * computed through {@code exp(−2|x|) − 1} without cancellation.
                     *
                     * @param scores a vector of them at {@code at}, the next {@code Scratch.LANES} behind it
                     * @param count number of vectors
                     */
                    static void cap(float[] scores, int at, int count, float cap) {
                        FloatVector rounder = FloatVector.broadcast(FLOATS, ROUNDER);
                        for (int i = 0; i < count; i++) {
                            FloatVector score = FloatVector.fromArray(FLOATS, scores, at + i * LANES).div(cap);
                            FloatVector x0 = score.abs().mul(-2 * LOG2_E);
                            x0 = x0.blend(SMALLEST, x0.compare(VectorOperators.LT, SMALLEST));
                %8$s            FloatVector minusOne = p0.mul(f0).fma(power0, power0.sub(1));
                            FloatVector tanh = minusOne.neg().div(minusOne.add(2));
                            tanh.blend(tanh.neg(), score.compare(VectorOperators.LT, 0)).mul(cap * LOG2_E).intoArray(scores, at + i * LANES);
                        }
                    }
                }
                """.formatted(
                        Repeat.each(
                                ROWS_OF_SCORES,
                                row -> "        FloatVector total%d = FloatVector.zero(FLOATS);\n".formatted(row)),
                        ROWS_OF_SCORES,
                        Repeat.each(ROWS_OF_SCORES, LaneWeightGenerator::weighed),
                        weighed(0),
                        "total0" + Repeat.each(ROWS_OF_SCORES - 1, row -> ".add(total%d)".formatted(row + 1)),
                        power(0, "        "),
                        weight(0),
                        power(0, "            "));
    }

    /** Weighs the vector of scores of row {@code i + row}. */
    private static String weighed(int row) {
        return """
                            FloatVector x%1$d = FloatVector.fromArray(FLOATS, scores, at + (i + %1$d) * LANES).sub(largest);
                %2$s            FloatVector weight%1$d = %3$s;
                            weight%1$d.intoArray(scores, at + (i + %1$d) * LANES);
                            total%1$d = total%1$d.add(weight%1$d);
                """.formatted(row, power(row, "            "), weight(row));
    }

    /** The parts of {@code 2^x}: it is {@code power · (1 + p · f)}. */
    private static String power(int of, String indent) {
        return """
                FloatVector rounded%1$d = x%1$d.add(rounder);
                FloatVector f%1$d = x%1$d.sub(rounded%1$d.sub(rounder));
                FloatVector p%1$d = f%1$d.fma(FloatVector.broadcast(FLOATS, C6), FloatVector.broadcast(FLOATS, C5));
                p%1$d = p%1$d.fma(f%1$d, FloatVector.broadcast(FLOATS, C4));
                p%1$d = p%1$d.fma(f%1$d, FloatVector.broadcast(FLOATS, C3));
                p%1$d = p%1$d.fma(f%1$d, FloatVector.broadcast(FLOATS, C2));
                p%1$d = p%1$d.fma(f%1$d, FloatVector.broadcast(FLOATS, C1));
                FloatVector power%1$d = rounded%1$d.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                        .reinterpretAsFloats();
                """.formatted(of).indent(indent.length());
    }

    /** The power, or 0 if it is below the smallest normal number. A product and not an addition of exponents, so that a NaN stays one. */
    private static String weight(int of) {
        return "p%1$d.mul(f%1$d).fma(power%1$d, power%1$d).blend(0, x%1$d.compare(VectorOperators.LT, SMALLEST))"
                .formatted(of);
    }
}
