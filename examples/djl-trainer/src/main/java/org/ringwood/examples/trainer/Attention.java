package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/** The attention of a model's layers, and the way back through them: by the framework itself, or by all ranks together. */
interface Attention {
    /**
     * What a layer attends.
     *
     * @param queries {@code [rows, heads, dim]}
     * @param keys {@code [rows, keyHeads, dim]}
     * @param values {@code [rows, keyHeads, dimV]}
     */
    record Projections(NDArray queries, NDArray keys, NDArray values) {
        /** What comes of them: {@code [rows, heads, dimV]}. */
        Shape attendedShape() {
            Shape shape = queries.getShape();
            return new Shape(shape.get(0), shape.get(1), values.getShape().get(2));
        }

        /** Zeros of these shapes. They can be written in place, also where these are transposed in memory. */
        Projections zeros() {
            return new Projections(queries.zerosLike(), keys.zerosLike(), values.zerosLike());
        }

        /** A loss that has {@code gradients} by these. */
        NDArray dot(Projections gradients) {
            NDArray ofQueries = queries.mul(gradients.queries).sum();
            NDArray ofKeys = keys.mul(gradients.keys).sum();
            return ofQueries.add(ofKeys).add(values.mul(gradients.values).sum());
        }
    }

    /**
     * Runs a layer.
     *
     * @param x its input
     * @param project what comes before attention
     * @param merge what comes after it: takes the layer's input and the attended {@code [rows, heads, dimV]}, returns the layer's output
     */
    NDArray layer(NDArray x, Function<NDArray, Projections> project, BinaryOperator<NDArray> merge);

    /** Computes the gradients of all parameters, through all layers since the last call. */
    void backward(GradientCollector collector, NDArray loss);
}
