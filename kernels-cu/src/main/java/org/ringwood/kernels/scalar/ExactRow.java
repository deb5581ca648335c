package org.ringwood.kernels.scalar;

import java.util.function.LongToDoubleFunction;
import org.ringwood.kernels.Tensor;

/**
 * Attention of one query row in f64, key after key: the truth that every kernel, schedule and job is measured against. Keys may
 * come in any number of pieces, so that a sequence of millions of keys needs no memory beyond the piece at hand.
 */
public final class ExactRow {
    private final float[] query;
    private final double scale;
    private final double softcap;
    private final double[] weighted;
    private double max = Double.NEGATIVE_INFINITY;
    private double sum;

    /**
     * Starts with no key.
     *
     * @param query the query, widened
     * @param dimV elements of a value
     * @param scale factor of the scores
     * @param softcap bound of the scores, 0 for none
     */
    public ExactRow(float[] query, int dimV, float scale, float softcap) {
        this.query = query.clone();
        this.scale = scale;
        this.softcap = softcap;
        this.weighted = new double[dimV];
    }

    /** Admits the keys {@code [from, to)} of one head. */
    public void add(Tensor keys, Tensor values, int head, long from, long to) {
        add(keys, values, head, from, to, row -> 1);
    }

    /** The same, each weight multiplied by the factor of its key's row. */
    public void add(Tensor keys, Tensor values, int head, long from, long to, LongToDoubleFunction factors) {
        float[] key = new float[keys.dim()];
        float[] value = new float[values.dim()];
        for (long token = from; token < to; token++) {
            keys.read(token, head, key, 0);
            values.read(token, head, value, 0);
            add(key, value, factors.applyAsDouble(token));
        }
    }

    /** Admits one key. */
    public void add(float[] key, float[] value) {
        add(key, value, 1);
    }

    /**
     * Admits one key, with dropout.
     *
     * @param factor what its weight is multiplied by, but for the sum
     */
    public void add(float[] key, float[] value, double factor) {
        double score = score(key);
        if (score > max) {
            rescale(Math.exp(max - score));
            max = score;
        }
        // A score of −∞ has no weight, also before the first finite one.
        double weight = score == Double.NEGATIVE_INFINITY ? 0 : Math.exp(score - max);
        sum += weight;
        for (int i = 0; i < weighted.length; i++) {
            weighted[i] += weight * factor * value[i];
        }
    }

    private double score(float[] key) {
        double dot = 0;
        for (int i = 0; i < query.length; i++) {
            dot += (double) query[i] * key[i];
        }
        double score = scale * dot;
        return softcap > 0 ? softcap * Math.tanh(score / softcap) : score;
    }

    private void rescale(double factor) {
        sum *= factor;
        for (int i = 0; i < weighted.length; i++) {
            weighted[i] *= factor;
        }
    }

    /** Largest score, −∞ without a key. */
    public double max() {
        return max;
    }

    /** Sum of {@code exp(score − max)}. */
    public double sum() {
        return sum;
    }

    /** The attention output; zeros without a key. */
    public double[] out() {
        double[] out = new double[weighted.length];
        if (sum != 0) {
            for (int i = 0; i < out.length; i++) {
                out[i] = weighted[i] / sum;
            }
        }
        return out;
    }

    /** Natural logarithm of the sum of the exponentials of the scores; −∞ without a key. */
    public double lse() {
        return max + Math.log(sum);
    }
}
