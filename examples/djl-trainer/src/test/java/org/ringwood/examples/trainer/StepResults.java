package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.List;

/**
 * What came of a step.
 *
 * @param loss mean over the sequence
 * @param gradients one for each parameter, in their order
 */
record StepResults(double loss, List<double[]> gradients) {
    static List<double[]> elements(List<NDArray> arrays) {
        return arrays.stream()
                .map(array -> array.toType(DataType.FLOAT64, false).toDoubleArray())
                .toList();
    }
}
