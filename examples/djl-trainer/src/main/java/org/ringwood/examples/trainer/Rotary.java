package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Rotary embeddings (Su et al., RoFormer, arXiv 2104.09864) of the positions that a rank's rows have in the whole sequence, whatever their order.
 *
 * @param cos {@code [rows, 1, headDim / 2]}
 * @param sin {@code [rows, 1, headDim / 2]}
 */
record Rotary(NDArray cos, NDArray sin) {
    private static final double BASE = 10_000;

    static Rotary of(NDManager manager, long[] positions, int headDim, DataType type) {
        int half = headDim / 2;
        double[] angles = new double[positions.length * half];
        for (int i = 0; i < angles.length; i++) {
            angles[i] = positions[i / half] * Math.pow(BASE, -(double) (i % half) / half);
        }
        NDArray all = manager.create(angles, new Shape(positions.length, 1, half));
        return new Rotary(all.cos().toType(type, false), all.sin().toType(type, false));
    }

    /** Rotates {@code [rows, heads, headDim]}, the first half of a head's elements with the second. */
    NDArray rotate(NDArray x) {
        long half = x.getShape().get(2) / 2;
        NDArray first = x.get(":, :, :" + half);
        NDArray second = x.get(":, :, " + half + ":");
        return first.mul(cos).sub(second.mul(sin)).concat(first.mul(sin).add(second.mul(cos)), 2);
    }
}
