package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.BLOCK;
import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Scratch.ROW;

import java.util.Arrays;

/** What a worker needs besides {@link Scratch} for the gradients of one group of queries and one block of keys; made when it is first needed. */
final class GradientScratch {
    private static final int GROUP = GradientPlan.GROUP;

    /** The group's queries in lanes, scaled. */
    float[] queries = {};
    /** Gradients of the group's outputs in lanes. */
    float[] outGradients = {};
    /** Gradients of the group's queries in lanes, not yet scaled. */
    float[] queryGradients = {};
    /** The group's queries, row by row. */
    float[] queryRows = {};
    /** Gradients of the group's outputs, row by row. */
    float[] outGradientRows = {};
    /** Gradients of a block of keys, row by row, not yet scaled. */
    float[] keyGradients = {};
    /** Gradients of a block of values, row by row. */
    float[] valueGradients = {};
    /** A tile's gradients of weights, then of scores: a row of lanes a key. */
    float[] slopes = {};
    /** Derivatives of a tile's scores by what they were before they were capped. */
    float[] capSlopes = {};
    /** Binary logarithms of the group's sums of exponentials. */
    final float[] lse = new float[GROUP];

    final float[] delta = new float[GROUP];
    /** Leaves lanes as they are. */
    final float[] ones = new float[LANES];
    /** Makes sums so far 0. */
    final float[] zeros = new float[LANES];
    /** Sums of the weights of a tile's lanes, which are known. */
    final float[] unused = new float[LANES];
    /** A row of gradients already in memory. */
    final float[] row = new float[ROW];

    private int dim;
    private int dimV;

    GradientScratch() {
        Arrays.fill(ones, 1);
    }

    /** Makes room for heads of {@code newDim} and {@code newDimV} elements. */
    void reserve(int newDim, int newDimV) {
        if (newDim <= dim && newDimV <= dimV) {
            return;
        }
        dim = Math.max(dim, newDim);
        dimV = Math.max(dimV, newDimV);
        queries = new float[GROUP * dim];
        outGradients = new float[GROUP * dimV];
        queryGradients = new float[GROUP * LaneProducts.padded(dim)];
        queryRows = new float[GROUP * ROW];
        outGradientRows = new float[GROUP * ROW];
        int keys = BLOCK + LaneTiles.ROWS - 1;
        keyGradients = new float[keys * ROW];
        valueGradients = new float[keys * ROW];
        slopes = new float[keys * LANES];
        capSlopes = new float[keys * LANES];
    }
}
