package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The online softmax of a tile, one vector of lanes at a time; {@code lane} is its first lane in the tile. The methods are small and
 * hold one exponential each: C2 turns the vectors of a method that exceeds its node budget into objects.
 */
final class TileSoftmax {
    private TileSoftmax() {}

    /** Bounds scores to {@code softcap · tanh(score / softcap)}. */
    static void cap(float[] scores, int keys, int lane, float softcap) {
        for (int k = 0; k < keys; k++) {
            int at = k * LANES + lane;
            Exponential.tanh(FloatVector.fromArray(FLOATS, scores, at).div(softcap))
                    .mul(softcap)
                    .intoArray(scores, at);
        }
    }

    /** Makes scores of pairs that are not admitted −∞, also where they are not a number. */
    static void mask(float[] scores, long[] admitted, int keys, int lane) {
        for (int k = 0; k < keys; k++) {
            int at = k * LANES + lane;
            VectorMask<Float> kept = VectorMask.fromLong(FLOATS, admitted[k] >>> lane);
            FloatVector.fromArray(FLOATS, scores, at)
                    .blend(Float.NEGATIVE_INFINITY, kept.not())
                    .intoArray(scores, at);
        }
    }

    /** Raises the maxima at {@code max[at…]} to the scores; leaves in {@code decay} what that does to sums and outputs so far. */
    static void raiseMax(float[] scores, int keys, int lane, float[] max, int at, float[] decay) {
        FloatVector before = FloatVector.fromArray(FLOATS, max, at);
        FloatVector even = before;
        FloatVector odd = before;
        int k = 0;
        for (; k + 2 <= keys; k += 2) {
            even = larger(even, FloatVector.fromArray(FLOATS, scores, k * LANES + lane));
            odd = larger(odd, FloatVector.fromArray(FLOATS, scores, (k + 1) * LANES + lane));
        }
        if (k < keys) {
            even = larger(even, FloatVector.fromArray(FLOATS, scores, k * LANES + lane));
        }
        FloatVector after = larger(even, odd);
        after.intoArray(max, at);
        Exponential.exp(before.sub(finite(after))).intoArray(decay, lane);
    }

    /** Replaces scores by their weights {@code exp(score − max)}; their sum is added to the decayed {@code sum[at…]}. */
    static void weigh(float[] scores, int keys, int lane, float[] max, float[] sum, int at, float[] decay) {
        FloatVector largest = finite(FloatVector.fromArray(FLOATS, max, at));
        FloatVector total = FloatVector.zero(FLOATS);
        for (int k = 0; k < keys; k++) {
            int key = k * LANES + lane;
            FloatVector weight =
                    Exponential.exp(FloatVector.fromArray(FLOATS, scores, key).sub(largest));
            weight.intoArray(scores, key);
            total = total.add(weight);
        }
        FloatVector.fromArray(FLOATS, sum, at)
                .mul(FloatVector.fromArray(FLOATS, decay, lane))
                .add(total)
                .intoArray(sum, at);
    }

    /** Multiplies {@code rows} rows of lanes by {@code decay}. */
    static void decay(float[] out, int start, int rows, int lane, float[] decay) {
        FloatVector factor = FloatVector.fromArray(FLOATS, decay, lane);
        if (factor.compare(VectorOperators.EQ, 1).allTrue()) {
            return;
        }
        for (int i = 0; i < rows; i++) {
            int at = start + i * LANES + lane;
            FloatVector.fromArray(FLOATS, out, at).mul(factor).intoArray(out, at);
        }
    }

    /** Divides {@code rows} rows of lanes by the sums; a lane without a key becomes 0. */
    static void normalise(float[] out, int start, int rows, int lane, float[] sum, int at) {
        FloatVector divisor = FloatVector.fromArray(FLOATS, sum, at);
        VectorMask<Float> empty = divisor.compare(VectorOperators.EQ, 0);
        for (int i = 0; i < rows; i++) {
            int place = start + i * LANES + lane;
            FloatVector.fromArray(FLOATS, out, place)
                    .div(divisor)
                    .blend(0, empty)
                    .intoArray(out, place);
        }
    }

    /** Whether the first {@code count} numbers, whole vectors or not, are all finite. */
    static boolean allFinite(float[] numbers, int count) {
        FloatVector probe = FloatVector.zero(FLOATS);
        int i = 0;
        for (; i + LENGTH <= count; i += LENGTH) {
            // 0 · x is 0 for a finite x and no number for another.
            probe = probe.add(FloatVector.fromArray(FLOATS, numbers, i).mul(0));
        }
        boolean finite = probe.compare(VectorOperators.EQ, 0).allTrue();
        for (; i < count; i++) {
            finite &= Float.isFinite(numbers[i]);
        }
        return finite;
    }

    /** The larger number; keeps {@code a} where {@code b} is not a number. */
    private static FloatVector larger(FloatVector a, FloatVector b) {
        return a.blend(b, b.compare(VectorOperators.GT, a));
    }

    /** 0 in place of a maximum over no key: subtracted from −∞ it leaves −∞, where −∞ would leave no number. */
    private static FloatVector finite(FloatVector max) {
        return max.blend(0, max.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
    }
}
