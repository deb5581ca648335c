package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/** Causal attention by the framework's own operations, within one process: what samples are written with, and what tests compare with. */
final class LocalAttention implements Attention {
    @Override
    public NDArray layer(NDArray x, Function<NDArray, Projections> project, BinaryOperator<NDArray> merge) {
        Projections of = project.apply(x);
        NDArray queries = of.queries().transpose(1, 0, 2);
        NDArray keys = eachHead(of.keys(), of.queries()).transpose(1, 2, 0);
        NDArray values = eachHead(of.values(), of.queries()).transpose(1, 0, 2);
        long rows = x.getShape().get(0);
        double scale = 1 / Math.sqrt((double) of.queries().getShape().get(2));
        NDArray ahead = x.getManager()
                .arange((int) rows)
                .reshape(1, 1, rows)
                .gt(x.getManager().arange((int) rows).reshape(1, rows, 1));
        NDArray bias = ahead.toType(x.getDataType(), false).mul(-1e30);
        NDArray weights = queries.matMul(keys).mul(scale).add(bias).softmax(2);
        return merge.apply(x, weights.matMul(values).transpose(1, 0, 2));
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
