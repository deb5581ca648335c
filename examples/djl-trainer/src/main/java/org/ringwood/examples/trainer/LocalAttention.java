package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/**
 * Causal attention inside documents by the framework's own operations, within one process: what samples are written with, and what tests compare with.
 *
 * @param documents {@code [rows]} which document each row is of, as i64
 */
record LocalAttention(NDArray documents) implements Attention {
    /** Rows of one document. */
    static LocalAttention ofOneDocument(NDManager manager, long rows) {
        return new LocalAttention(manager.zeros(new Shape(rows), DataType.INT64));
    }

    @Override
    public NDArray layer(NDArray x, Function<NDArray, Projections> project, BinaryOperator<NDArray> merge) {
        Projections of = project.apply(x);
        NDArray queries = of.queries().transpose(1, 0, 2);
        NDArray keys = eachHead(of.keys(), of.queries()).transpose(1, 2, 0);
        NDArray values = eachHead(of.values(), of.queries()).transpose(1, 0, 2);
        double scale = 1 / Math.sqrt((double) of.queries().getShape().get(2));
        NDArray bias = refused().toType(x.getDataType(), false).mul(-1e30);
        NDArray weights = queries.matMul(keys).mul(scale).add(bias).softmax(2);
        return merge.apply(x, weights.matMul(values).transpose(1, 0, 2));
    }

    /** {@code [1, rows, rows]} which keys a query does not attend: those behind it, and those of other documents. */
    private NDArray refused() {
        long rows = documents.size();
        NDArray positions = documents.getManager().arange((int) rows);
        NDArray behind = positions.reshape(1, 1, rows).gt(positions.reshape(1, rows, 1));
        return behind.logicalOr(documents.reshape(1, 1, rows).neq(documents.reshape(1, rows, 1)));
    }

    /** Keys or values, once for each head of the queries that reads them. */
    private static NDArray eachHead(NDArray keys, NDArray queries) {
        Shape shape = keys.getShape();
        long group = queries.getShape().get(1) / shape.get(1);
        return keys.expandDims(2)
                .repeat(2, group)
                .reshape(shape.get(0), queries.getShape().get(1), shape.get(2));
    }

    @Override
    public void backward(GradientCollector collector, NDArray loss) {
        collector.backward(loss);
    }
}
