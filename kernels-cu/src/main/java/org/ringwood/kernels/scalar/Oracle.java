package org.ringwood.kernels.scalar;

import java.util.function.LongToDoubleFunction;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * Judges the attention output of one query row: follows its keys in f64 and in plain f32 arithmetic, then measures a result. Keys
 * may come in any number of pieces; no score row is kept.
 */
public final class Oracle {
    private final ExactRow exact;
    private final PlainRow plain;

    /**
     * Starts with no key.
     *
     * @param query the query, widened
     * @param dimV elements of a value
     * @param scale factor of the scores
     * @param softcap bound of the scores, 0 for none
     */
    public Oracle(float[] query, int dimV, float scale, float softcap) {
        this.exact = new ExactRow(query, dimV, scale, softcap);
        this.plain = new PlainRow(query.clone(), dimV, scale, softcap);
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

    private void add(float[] key, float[] value, double factor) {
        exact.add(key, value, factor);
        plain.add(key, value, (float) factor);
    }

    /** The truth. */
    public ExactRow exact() {
        return exact;
    }

    /** The output in plain f32 arithmetic, rounded to a dtype. */
    double[] plainOut(DType dtype) {
        return plain.out(dtype);
    }

    /** The log-sum-exp in plain f32 arithmetic. */
    double plainLse() {
        return plain.lse();
    }

    /**
     * Measures a result. Where the truth is finite a result must be; where it is an infinity or no number, only the same agrees.
     *
     * @param dtype element type that {@code out} was rounded to
     * @param out the result's output, widened
     * @param lse the result's log-sum-exp
     */
    public Accuracy judge(DType dtype, float[] out, float lse) {
        double[] truth = exact.out();
        double outError = 0;
        double outPlain = 0;
        double outLargest = 0;
        for (int i = 0; i < truth.length; i++) {
            outError = Math.max(outError, Accuracy.distance(out[i], truth[i]));
            outPlain = Math.max(outPlain, ifFinite(Accuracy.distance(plain.out(i), truth[i])));
            outLargest = Math.max(outLargest, ifFinite(Math.abs(truth[i])));
        }
        double lseTruth = exact.lse();
        return new Accuracy(
                dtype,
                1,
                outError,
                outPlain,
                outLargest,
                Accuracy.distance(lse, lseTruth),
                ifFinite(Accuracy.distance(plain.lse(), lseTruth)),
                ifFinite(Math.abs(lseTruth)));
    }

    /** Where f32 overflows it sets no yardstick: an infinite bound would let every other row pass. */
    private static double ifFinite(double size) {
        return Double.isFinite(size) ? size : 0;
    }
}
