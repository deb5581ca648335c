package org.ringwood.kernels.scalar;

import org.ringwood.kernels.SoftmaxState;

/** One record of a softmax state in f64. */
final class PartialRow {
    private final double max;
    private final double sum;
    private final double[] out;

    private PartialRow(double max, double sum, double[] out) {
        this.max = max;
        this.sum = sum;
        this.out = out;
    }

    static PartialRow identity(int dimV) {
        return new PartialRow(Double.NEGATIVE_INFINITY, 0, new double[dimV]);
    }

    static PartialRow of(ExactRow row) {
        return new PartialRow(row.max(), row.sum(), row.out());
    }

    static PartialRow load(SoftmaxState state, long row, int head) {
        double[] out = new double[state.dimV()];
        for (int i = 0; i < out.length; i++) {
            out[i] = state.out(row, head, i);
        }
        return new PartialRow(state.max(row, head), state.sum(row, head), out);
    }

    /** The merge of softmax states over disjoint keys. */
    PartialRow mergedWith(PartialRow other) {
        if (other.sum == 0) {
            return this;
        }
        if (sum == 0) {
            return other;
        }
        double largest = Math.max(max, other.max);
        double weight = sum * Math.exp(max - largest);
        double otherWeight = other.sum * Math.exp(other.max - largest);
        double total = weight + otherWeight;
        double[] merged = new double[out.length];
        for (int i = 0; i < merged.length; i++) {
            merged[i] = weight / total * out[i] + otherWeight / total * other.out[i];
        }
        return new PartialRow(largest, total, merged);
    }

    void store(SoftmaxState state, long row, int head) {
        boolean empty = sum == 0;
        float storedMax = empty ? Float.NEGATIVE_INFINITY : (float) max;
        // The sum refers to the largest score as it is stored, rounded; an infinite one has no difference.
        double storedSum = max == storedMax ? sum : sum * Math.exp(max - storedMax);
        state.set(row, head, storedMax, empty ? 0 : (float) storedSum);
        for (int i = 0; i < out.length; i++) {
            state.setOut(row, head, i, empty ? 0 : (float) out[i]);
        }
    }
}
