package org.ringwood.kernels.scalar;

import org.ringwood.kernels.Tensor;

/** The gradients of one (row, head), key after key, in arithmetic whose every result is rounded in one way. */
final class RowGradients {
    private final float[] query;
    private final float[] outGradient;
    private final double scale;
    private final double softcap;
    private final double lse;
    private final double delta;
    private final Arithmetic arithmetic;
    private final double[] queryGradient;

    RowGradients(
            float[] query,
            float[] outGradient,
            float scale,
            float softcap,
            double lse,
            double delta,
            Arithmetic arithmetic) {
        this.query = query;
        this.outGradient = outGradient;
        this.scale = scale;
        this.softcap = softcap;
        this.lse = lse;
        this.delta = delta;
        this.arithmetic = arithmetic;
        this.queryGradient = new double[query.length];
    }

    /**
     * Begins with no key.
     *
     * @param outGradients of the whole attention's output; plain arithmetic rounds the output to its dtype
     * @param oracle of the row and head, with all its keys
     */
    static RowGradients of(
            AttentionProblem attention, Tensor outGradients, Oracle oracle, long row, int head, Arithmetic arithmetic) {
        float[] query = new float[attention.queries().dim()];
        float[] outGradient = new float[outGradients.dim()];
        attention.queries().read(row, head, query, 0);
        outGradients.read(row, head, outGradient, 0);
        boolean exactly = arithmetic == Arithmetic.EXACT;
        double[] out = exactly ? oracle.exact().out() : oracle.plainOut(outGradients.dtype());
        double lse = exactly ? oracle.exact().lse() : oracle.plainLse();
        // Kernels are given it rounded once: else a row of one key, whose slope is 0, would have no error in plain
        // arithmetic alone.
        double delta = arithmetic.rounded(delta(out, outGradient));
        return new RowGradients(query, outGradient, attention.scale(), attention.softcap(), lse, delta, arithmetic);
    }

    /** The sum of the products of an output and its gradient. */
    static double delta(double[] out, float[] outGradient) {
        double sum = 0;
        for (int i = 0; i < out.length; i++) {
            sum += out[i] * outGradient[i];
        }
        return sum;
    }

    /**
     * Adds what one admitted key and its value contribute to the row's gradient and to theirs, which begin at {@code keyAt} and {@code valueAt}.
     *
     * @param factor what dropout multiplies the weight by
     */
    void add(
            float[] key,
            float[] value,
            double factor,
            double[] keyGradients,
            int keyAt,
            double[] valueGradients,
            int valueAt) {
        double score = rounded(scale * dot(query, key));
        double slope = 1;
        if (softcap > 0) {
            double tanh = rounded(Math.tanh(rounded(score / softcap)));
            score = rounded(softcap * tanh);
            slope = rounded(1 - rounded(tanh * tanh));
        }
        // A row whose scores are all −∞ has no weights.
        double weight = score == Double.NEGATIVE_INFINITY ? 0 : rounded(Math.exp(rounded(score - lse)));
        double dropped = rounded(weight * rounded(factor));
        for (int i = 0; i < value.length; i++) {
            valueGradients[valueAt + i] = plus(valueGradients[valueAt + i], dropped * outGradient[i]);
        }
        double ofWeight = rounded(rounded(factor) * dot(outGradient, value));
        double gradient = rounded(rounded(weight * rounded(ofWeight - delta)) * slope);
        double scaled = rounded(scale * gradient);
        for (int i = 0; i < key.length; i++) {
            queryGradient[i] = plus(queryGradient[i], scaled * key[i]);
            keyGradients[keyAt + i] = plus(keyGradients[keyAt + i], scaled * query[i]);
        }
    }

    /** Gradient of the query so far. */
    double[] queryGradient() {
        return queryGradient;
    }

    private double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum = plus(sum, (double) a[i] * b[i]);
        }
        return sum;
    }

    private double plus(double sum, double product) {
        return rounded(sum + rounded(product));
    }

    private double rounded(double x) {
        return arithmetic.rounded(x);
    }
}
