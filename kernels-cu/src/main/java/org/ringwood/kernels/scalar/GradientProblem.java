package org.ringwood.kernels.scalar;

import java.util.function.IntUnaryOperator;
import java.util.function.LongToDoubleFunction;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

/** The gradients of a whole, unsharded attention problem, for judging results. All of them are kept in f64, so it is for small ones. */
public final class GradientProblem {
    private final AttentionProblem attention;
    private final Tensor outGradients;
    private final Gradients exact;
    private final Gradients plain;

    /** Gradients of every tensor in one arithmetic, dense. */
    private static final class Gradients {
        private final double[] queries;
        private final double[] keys;
        private final double[] values;

        Gradients(AttentionProblem of) {
            queries = zeros(of.queries());
            keys = zeros(of.keys());
            values = zeros(of.values());
        }
    }

    /**
     * Computes the gradients.
     *
     * @param outGradients {@code [rows, Hq, dv]}; the plain computation rounds the output to its dtype
     */
    public GradientProblem(AttentionProblem attention, Tensor outGradients) {
        this.attention = attention;
        this.outGradients = outGradients;
        this.exact = compute(Arithmetic.EXACT);
        this.plain = compute(Arithmetic.PLAIN);
    }

    private Gradients compute(Arithmetic arithmetic) {
        Tensor queries = attention.queries();
        Tensor keys = attention.keys();
        Tensor values = attention.values();
        Gradients gradients = new Gradients(attention);
        float[] key = new float[keys.dim()];
        float[] value = new float[values.dim()];
        for (long row = 0; row < queries.tokens(); row++) {
            for (int head = 0; head < queries.heads(); head++) {
                int keyHead = AttentionCall.keyHead(head, queries.heads(), keys.heads());
                RowGradients of =
                        RowGradients.of(attention, outGradients, attention.oracle(row, head), row, head, arithmetic);
                LongToDoubleFunction factors = attention.dropout().factors(head, row);
                for (Chunk run : attention.slices().keys(row)) {
                    for (long k = run.from(); k < run.to(); k++) {
                        keys.read(k, keyHead, key, 0);
                        values.read(k, keyHead, value, 0);
                        of.add(
                                key,
                                value,
                                factors.applyAsDouble(k),
                                gradients.keys,
                                place(keys, k, keyHead),
                                gradients.values,
                                place(values, k, keyHead));
                    }
                }
                System.arraycopy(of.queryGradient(), 0, gradients.queries, place(queries, row, head), queries.dim());
            }
        }
        return gradients;
    }

    private static double[] zeros(Tensor tensor) {
        return new double[Math.toIntExact(tensor.tokens() * tensor.heads() * tensor.dim())];
    }

    private static int place(Tensor tensor, long row, int head) {
        return Math.toIntExact((row * tensor.heads() + head) * tensor.dim());
    }

    /** Judges the gradients of all rows, of any dtype. */
    public GradientAccuracy judge(Tensor queries, Tensor keys, Tensor values) {
        return judge(queries, Positions.range(0, queries.tokens()), keys, values, Positions.range(0, keys.tokens()));
    }

    /** Judges the gradients of some rows by what those of all may differ by. */
    public GradientAccuracy judge(
            Tensor queries, Positions queryPositions, Tensor keys, Tensor values, Positions keyPositions) {
        return new GradientAccuracy(
                distance(queries, queryPositions, exact.queries, plain.queries),
                distance(keys, keyPositions, exact.keys, plain.keys),
                distance(values, keyPositions, exact.values, plain.values));
    }

    private static GradientAccuracy.Distance distance(
            Tensor actual, Positions positions, double[] exact, double[] plain) {
        int rowElements = actual.heads() * actual.dim();
        IntUnaryOperator place = i -> (int) positions.position(i / rowElements) * rowElements + i % rowElements;
        GradientAccuracy.Distance ofRows = GradientAccuracy.distance(
                Math.toIntExact(actual.tokens() * rowElements),
                i -> actual.get(i / rowElements, i % rowElements / actual.dim(), i % actual.dim()),
                i -> exact[place.applyAsInt(i)],
                i -> plain[place.applyAsInt(i)],
                actual.dtype());
        return ofRows.and(
                GradientAccuracy.distance(exact.length, i -> exact[i], i -> exact[i], i -> plain[i], actual.dtype()));
    }
}
