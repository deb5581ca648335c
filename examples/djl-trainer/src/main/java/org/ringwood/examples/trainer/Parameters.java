package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** The parameters of a model, by name, always in the same order. */
final class Parameters {
    private final Map<String, NDArray> arrays = new LinkedHashMap<>();

    /** Parameters as before training: of one seed, the same everywhere. */
    static Parameters random(NDManager manager, ModelSize size, long seed) {
        Random random = new Random(seed);
        Parameters parameters = new Parameters();
        int width = size.width();
        // What is added to a token by all layers together shall not grow with their number.
        double part = 1 / Math.sqrt(2.0 * size.layers());
        parameters.normal(manager, random, 1, "embedding", ModelSize.BYTES, width);
        for (int layer = 0; layer < size.layers(); layer++) {
            String name = "layer" + layer + ".";
            parameters.ones(manager, name + "norm1", width);
            parameters.matrix(manager, random, 1, name + "query", width, width);
            parameters.matrix(manager, random, 1, name + "key", size.keyWidth(), width);
            parameters.matrix(manager, random, 1, name + "value", size.keyWidth(), width);
            parameters.matrix(manager, random, part, name + "out", width, width);
            parameters.ones(manager, name + "norm2", width);
            parameters.matrix(manager, random, 1, name + "up", size.inner(), width);
            parameters.matrix(manager, random, part, name + "down", width, size.inner());
        }
        parameters.ones(manager, "norm", width);
        parameters.matrix(manager, random, 1, "logits", ModelSize.BYTES, width);
        return parameters;
    }

    /** A matrix whose products with rows of variance 1 have the deviation {@code scale}. */
    private void matrix(NDManager manager, Random random, double scale, String name, int rows, int columns) {
        normal(manager, random, scale / Math.sqrt(columns), name, rows, columns);
    }

    private void normal(NDManager manager, Random random, double deviation, String name, int rows, int columns) {
        float[] elements = new float[rows * columns];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = (float) (deviation * random.nextGaussian());
        }
        add(name, manager.create(elements, new Shape(rows, columns)));
    }

    private void ones(NDManager manager, String name, int length) {
        add(name, manager.ones(new Shape(length), DataType.FLOAT32));
    }

    private void add(String name, NDArray array) {
        array.setName(name);
        array.setRequiresGradient(true);
        arrays.put(name, array);
    }

    /** The same numbers in another type. */
    Parameters toType(DataType type) {
        Parameters parameters = new Parameters();
        arrays.forEach(
                (name, array) -> parameters.add(name, array.stopGradient().toType(type, true)));
        return parameters;
    }

    NDArray get(String name) {
        NDArray array = arrays.get(name);
        if (array == null) {
            throw new IllegalArgumentException("the model has no parameter '" + name + "', but " + arrays.keySet());
        }
        return array;
    }

    /** All arrays. */
    List<NDArray> arrays() {
        return new ArrayList<>(arrays.values());
    }

    /** Number of all elements. */
    long elements() {
        return arrays.values().stream().mapToLong(NDArray::size).sum();
    }
}
