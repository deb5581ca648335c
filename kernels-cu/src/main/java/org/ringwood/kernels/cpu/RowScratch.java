package org.ringwood.kernels.cpu;

import org.ringwood.kernels.AttentionCall;

/** A worker's memory for queries that are attended row by row. */
final class RowScratch {
    /** Rows of keys. */
    final RowPanel keys = new RowPanel();

    /** Rows of values. */
    final RowPanel values = new RowPanel();

    /** The lanes of the tile at work. */
    final LanesByHead lanes = new LanesByHead();

    /** Scores of a tile, then its weights: those of a query side by side. */
    final float[] scores = new float[Scratch.LANES * Scratch.BLOCK];

    /** Partial sums of the scores of a panel. */
    final float[] partial = new float[(RowPanel.ROWS + 3) * RowProduct.LANES];

    /** Partial sums of the weights of every query, {@link Scratch#LANES} each. */
    final float[] sums = new float[Scratch.GROUP * Scratch.LANES];

    /** A query as it lies in its tensor. */
    final float[] row = new float[AttentionCall.MAX_DIM];

    /** Sum of some values. */
    final float[] sum = new float[AttentionCall.MAX_DIM];

    final RowSoftmax softmax = new RowSoftmax();
}
