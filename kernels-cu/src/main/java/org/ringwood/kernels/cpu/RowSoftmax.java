package org.ringwood.kernels.cpu;

import static jdk.incubator.vector.VectorOperators.GT;
import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The softmax of a query whose scores are side by side. The sum of its weights is {@link Scratch#LANES} partial sums, key {@code k} belonging
 * to partial sum {@code k mod LANES}, so that its bits don't depend on the width of the vectors. All counts are multiples of {@code LANES}.
 */
final class RowSoftmax {
    private final float[] lanes = new float[LANES];
    private final float[] decays = new float[LANES];

    /** Bounds scores as {@link LaneWeights#cap} does. */
    static void cap(float[] scores, int at, int count, float cap) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            LaneWeights.cap(scores, at + lane, count / LANES, cap);
        }
    }

    /** Largest of some scores. What is not a number is none. */
    float max(float[] scores, int at, int count) {
        FloatVector largest = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < count; i += LENGTH) {
            FloatVector score = FloatVector.fromArray(FLOATS, scores, at + i);
            largest = score.blend(largest, score.compare(GT, largest).not());
        }
        largest.intoArray(lanes, 0);
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < LENGTH; i++) {
            max = lanes[i] > max ? lanes[i] : max;
        }
        // Which of two zeros comes first depends on the width of the vectors; the sum is the positive one.
        return max + 0f;
    }

    /** Replaces scores by their weights {@code 2^(score − max)} and adds these to the decayed partial sums at {@code sum}. */
    void weigh(float[] scores, int at, int count, float max, float decay, float[] sums, int sum) {
        Arrays.fill(lanes, max);
        Arrays.fill(decays, decay);
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            LaneWeights.weigh(scores, at + lane, count / LANES, lanes, lane, decays, lane, sums, sum + lane);
        }
    }

    /** Adds up the partial sums at {@code at}, and leaves their sum there. */
    static float sum(float[] sums, int at) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int i = at; i < at + half; i++) {
                sums[i] += sums[i + half];
            }
        }
        return sums[at];
    }
}
