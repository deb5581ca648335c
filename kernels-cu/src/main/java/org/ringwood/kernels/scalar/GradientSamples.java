package org.ringwood.kernels.scalar;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongToDoubleFunction;
import java.util.stream.LongStream;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * The gradients of some rows of a whole, unsharded attention problem, for judging results too large for {@link GradientProblem}. A query
 * costs its own row; the first key of a head costs all rows that read the head, further ones little.
 */
public final class GradientSamples {
    private final AttentionProblem attention;
    private final Tensor outGradients;
    private final List<Sample> queries = new ArrayList<>();
    private final List<Sample> keys = new ArrayList<>();
    private final List<Sample> values = new ArrayList<>();

    /** A gradient of one row and head. */
    public static final class Sample {
        private final long row;
        private final int head;
        private final double[] exact;
        private final double[] plain;

        private Sample(long row, int head, double[] exact, double[] plain) {
            this.row = row;
            this.head = head;
            this.exact = exact;
            this.plain = plain;
        }

        /** Row of its tensor. */
        public long row() {
            return row;
        }

        /** Head of its tensor. */
        public int head() {
            return head;
        }

        /** The truth. */
        public double[] exact() {
            return exact.clone();
        }

        /** How far a result is from the truth, and how far it may be. */
        public GradientAccuracy.Distance distance(float[] actual, DType dtype) {
            return GradientAccuracy.distance(actual.length, i -> actual[i], i -> exact[i], i -> plain[i], dtype);
        }
    }

    /** Where both arithmetics have arrived in one row. */
    private record Row(RowGradients exact, RowGradients plain, LongToDoubleFunction factors) {}

    /**
     * Begins without samples.
     *
     * @param outGradients {@code [rows, Hq, dv]}; the plain computation rounds the output to its dtype
     */
    public GradientSamples(AttentionProblem attention, Tensor outGradients) {
        this.attention = attention;
        this.outGradients = outGradients;
    }

    /** Gradients of queries so far. */
    public List<Sample> queries() {
        return List.copyOf(queries);
    }

    /** Gradients of keys so far. */
    public List<Sample> keys() {
        return List.copyOf(keys);
    }

    /** Gradients of values so far: of the same rows as those of keys. */
    public List<Sample> values() {
        return List.copyOf(values);
    }

    /** Adds the gradient of a query. */
    public void addQuery(long row, int head) {
        Row of = row(row, head);
        int keyHead = AttentionCall.keyHead(
                head, attention.queries().heads(), attention.keys().heads());
        Sample key = zeros(attention.keys(), 0, keyHead);
        Sample value = zeros(attention.values(), 0, keyHead);
        for (Chunk run : attention.slices().keys(row)) {
            for (long k = run.from(); k < run.to(); k++) {
                add(of, k, key, value);
            }
        }
        queries.add(new Sample(row, head, of.exact.queryGradient(), of.plain.queryGradient()));
    }

    /** Adds the gradients of some keys of one head, and of their values. */
    public void addKeys(List<Long> rows, int keyHead) {
        List<Sample> newKeys =
                rows.stream().map(row -> zeros(attention.keys(), row, keyHead)).toList();
        List<Sample> newValues = rows.stream()
                .map(row -> zeros(attention.values(), row, keyHead))
                .toList();
        Tensor all = attention.queries();
        for (int head = 0; head < all.heads(); head++) {
            if (AttentionCall.keyHead(head, all.heads(), attention.keys().heads()) != keyHead) {
                continue;
            }
            int of = head;
            List<Row> begun = LongStream.range(0, all.tokens())
                    .parallel()
                    .mapToObj(row -> row(row, of))
                    .toList();
            for (int row = 0; row < begun.size(); row++) {
                for (int i = 0; i < newKeys.size(); i++) {
                    if (admits(row, newKeys.get(i).row)) {
                        add(begun.get(row), newKeys.get(i).row, newKeys.get(i), newValues.get(i));
                    }
                }
            }
        }
        keys.addAll(newKeys);
        values.addAll(newValues);
    }

    private boolean admits(long row, long key) {
        return attention.slices().keys(row).stream().anyMatch(run -> run.from() <= key && key < run.to());
    }

    private Row row(long row, int head) {
        Oracle oracle = attention.oracle(row, head);
        return new Row(
                RowGradients.of(attention, outGradients, oracle, row, head, Arithmetic.EXACT),
                RowGradients.of(attention, outGradients, oracle, row, head, Arithmetic.PLAIN),
                attention.dropout().factors(head, row));
    }

    private void add(Row of, long keyRow, Sample key, Sample value) {
        float[] keyElements = new float[attention.keys().dim()];
        float[] valueElements = new float[attention.values().dim()];
        attention.keys().read(keyRow, key.head, keyElements, 0);
        attention.values().read(keyRow, value.head, valueElements, 0);
        double factor = of.factors.applyAsDouble(keyRow);
        of.exact.add(keyElements, valueElements, factor, key.exact, 0, value.exact, 0);
        of.plain.add(keyElements, valueElements, factor, key.plain, 0, value.plain, 0);
    }

    private static Sample zeros(Tensor of, long row, int head) {
        return new Sample(row, head, new double[of.dim()], new double[of.dim()]);
    }
}
