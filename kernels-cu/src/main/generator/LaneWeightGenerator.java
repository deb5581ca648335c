/** Writes what the softmax does with vectors of scores, wherever a power of two is needed. */
final class LaneWeightGenerator {
    /** Read before the loops: named where they are used, each use would be work for C2. */
    private static final String CONSTANTS = """
            FloatVector rounder = FloatVector.broadcast(FLOATS, ROUNDER);
            FloatVector c1 = FloatVector.broadcast(FLOATS, C1);
            FloatVector c2 = FloatVector.broadcast(FLOATS, C2);
            FloatVector c3 = FloatVector.broadcast(FLOATS, C3);
            FloatVector c4 = FloatVector.broadcast(FLOATS, C4);
            FloatVector c5 = FloatVector.broadcast(FLOATS, C5);
            FloatVector c6 = FloatVector.broadcast(FLOATS, C6);
            """;

    /** The parts of {@code 2^x}: it is {@code power · (1 + p · f)}. */
    private static final String POWER = """
            FloatVector rounded = x.lanewise(ADD, rounder);
            FloatVector f = x.lanewise(SUB, rounded.lanewise(SUB, rounder));
            FloatVector p = f.lanewise(FMA, c6, c5).lanewise(FMA, f, c4).lanewise(FMA, f, c3).lanewise(FMA, f, c2).lanewise(FMA, f, c1);
            FloatVector power = rounded.reinterpretAsInts()
                    .lanewise(LSHL, MANTISSA_BITS)
                    .reinterpretAsFloats();
            """;

    /** The power, or 0 if it is below the smallest normal number. A product and not an addition of exponents, so that a NaN stays one. */
    private static final String WEIGHT =
            "p.lanewise(MUL, f).lanewise(FMA, power, power).blend(zero, x.compare(LT, SMALLEST))";

    private LaneWeightGenerator() {}

    static String laneWeights() {
        return """
                package org.ringwood.kernels.cpu;

                import static jdk.incubator.vector.VectorOperators.ABS;
                import static jdk.incubator.vector.VectorOperators.ADD;
                import static jdk.incubator.vector.VectorOperators.DIV;
                import static jdk.incubator.vector.VectorOperators.EQ;
                import static jdk.incubator.vector.VectorOperators.FMA;
                import static jdk.incubator.vector.VectorOperators.LSHL;
                import static jdk.incubator.vector.VectorOperators.LT;
                import static jdk.incubator.vector.VectorOperators.MUL;
                import static jdk.incubator.vector.VectorOperators.NEG;
                import static jdk.incubator.vector.VectorOperators.SUB;
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
                     * @param decay what each lane's sum so far is multiplied by, at {@code decayAt}
                     * @param sums of weights, a vector of them at {@code sumAt}, to which the weights are added
                     */
                    static void weigh(float[] scores, int at, int count, float[] max, int maxAt, float[] decay, int decayAt, float[] sums, int sumAt) {
                %1$s        FloatVector zero = FloatVector.zero(FLOATS);
                        FloatVector largest = FloatVector.fromArray(FLOATS, max, maxAt);
                        // Subtracted from −∞, 0 leaves −∞, where −∞ would leave no number.
                        largest = largest.blend(zero, largest.compare(EQ, Float.NEGATIVE_INFINITY));
                        FloatVector sum = zero;
                        for (int i = 0; i < count; i++) {
                            FloatVector x = FloatVector.fromArray(FLOATS, scores, at + i * LANES).lanewise(SUB, largest);
                %3$s            FloatVector weight = %4$s;
                            weight.intoArray(scores, at + i * LANES);
                            sum = weight.lanewise(ADD, sum);
                        }
                        FloatVector.fromArray(FLOATS, sums, sumAt)
                                .lanewise(MUL, FloatVector.fromArray(FLOATS, decay, decayAt))
                                .lanewise(ADD, sum)
                                .intoArray(sums, sumAt);
                    }

                    /** Replaces the maxima in {@code before} by {@code 2^(before − max)}: what sums and outputs so far are multiplied by. */
                    static void decay(float[] before, int at, float[] max, int maxAt) {
                %1$s        FloatVector zero = FloatVector.zero(FLOATS);
                        FloatVector largest = FloatVector.fromArray(FLOATS, max, maxAt);
                        largest = largest.blend(zero, largest.compare(EQ, Float.NEGATIVE_INFINITY));
                        FloatVector x = FloatVector.fromArray(FLOATS, before, at).lanewise(SUB, largest);
                %2$s        %4$s.intoArray(before, at);
                    }

                    /**
                     * Bounds scores to {@code cap · tanh(score / cap)}, and turns them from natural to binary logarithms. {@code tanh} is
                     * computed through {@code exp(−2|x|) − 1} without cancellation.
                     *
                     * @param scores a vector of them at {@code at}, the next {@code Scratch.LANES} behind it
                     * @param count number of vectors
                     */
                    static void cap(float[] scores, int at, int count, float cap) {
                %1$s        FloatVector smallest = FloatVector.broadcast(FLOATS, SMALLEST);
                        FloatVector one = FloatVector.broadcast(FLOATS, 1);
                        FloatVector two = FloatVector.broadcast(FLOATS, 2);
                        FloatVector minusTwo = FloatVector.broadcast(FLOATS, -2 * LOG2_E);
                        FloatVector bound = FloatVector.broadcast(FLOATS, cap);
                        FloatVector binaryBound = FloatVector.broadcast(FLOATS, cap * LOG2_E);
                        for (int i = 0; i < count; i++) {
                            FloatVector score = FloatVector.fromArray(FLOATS, scores, at + i * LANES).lanewise(DIV, bound);
                            FloatVector x = score.lanewise(ABS).lanewise(MUL, minusTwo);
                            x = x.blend(smallest, x.compare(LT, SMALLEST));
                %3$s            FloatVector minusOne = p.lanewise(MUL, f).lanewise(FMA, power, power.lanewise(SUB, one));
                            FloatVector tanh = minusOne.lanewise(NEG).lanewise(DIV, minusOne.lanewise(ADD, two));
                            tanh.blend(tanh.lanewise(NEG), score.compare(LT, 0)).lanewise(MUL, binaryBound).intoArray(scores, at + i * LANES);
                        }
                    }
                }
                """.formatted(CONSTANTS.indent(8), POWER.indent(8), POWER.indent(12), WEIGHT);
    }
}
