package org.ringwood.kernels.cpu;

import org.ringwood.kernels.AttentionCall;

/**
 * A worker's memory for one group of queries and one block of keys. On the heap, since C2 addresses heap arrays faster than memory
 * segments; kept between calls and grown when a call has larger heads.
 *
 * <p>Arrays of lanes hold tiles of {@link #LANES} queries side by side: element {@code i} of the lanes of tile {@code t} is at
 * {@code (t · n + i) · LANES}, {@code n} being the elements of a lane.
 */
final class Scratch {
    /** Queries of a tile. A bit each fits into a {@code long}, and they are whole vectors of every width. */
    static final int LANES = 32;

    /** Most queries of a group: they share a block of keys while that is in the cache. */
    static final int GROUP = 16 * LANES;

    /** Keys of a block. */
    static final int BLOCK = 128;

    /**
     * Elements from a packed row to the next one, whatever their dim: a constant, so that C2 checks the bounds of an array once
     * a tile and not at every element; and no power of two, so that rows don't share the sets of a cache.
     */
    static final int ROW = AttentionCall.MAX_DIM + 16;

    /** Key rows that a register tile may read or write past a block. */
    private static final int SLACK = LaneTiles.ROWS - 1;

    /** Queries of a group, scaled. */
    float[] queries = {};
    /** Output of a group, not yet divided by the sum. */
    float[] out = {};
    /** A block of keys, row by row. */
    final float[] keys = new float[(BLOCK + SLACK) * ROW];

    /** A block of values, row by row. */
    final float[] values = new float[(BLOCK + SLACK) * ROW];

    /** The bits of a block on their way from 16-bit elements. */
    short[] halves = {};
    /** The elements of a block, widened. */
    float[] wide = {};
    /** Scores of a tile, then its weights: a row of lanes a key. */
    final float[] scores = new float[(BLOCK + SLACK) * LANES];

    /** Products of a register tile, before they are added to what is there. */
    final float[] products = new float[LaneTiles.ROWS * ROW];

    /** Binary logarithms of the maxima: what the scores are in, too. */
    final float[] max = new float[GROUP];

    final float[] sum = new float[GROUP];
    /** Maxima of a tile's lanes. */
    final float[] tileMax = new float[LANES];
    /** What the sum and output of a tile's lanes are multiplied by as the maximum grows. */
    final float[] decay = new float[LANES];
    /** For every key of a tile the lanes that admit it, a bit each. */
    final long[] admitted = new long[BLOCK];
    /** Which weights of a tile are kept. */
    final TileDropout dropout = new TileDropout();

    /** For queries that are attended row by row. */
    final RowScratch byRows = new RowScratch();

    /** For gradients. */
    final GradientScratch gradients = new GradientScratch();

    /** The queries of a tile, or their softmax records, row by row. */
    final float[] rows = new float[LANES * ROW];
    /** A record already in memory. */
    float[] record = {};

    private int dim;
    private int dimV;

    /** Makes room for heads of {@code newDim} and {@code newDimV} elements. */
    void reserve(int newDim, int newDimV) {
        if (newDim <= dim && newDimV <= dimV) {
            return;
        }
        dim = Math.max(dim, RowProduct.padded(newDim));
        dimV = Math.max(dimV, RowProduct.padded(newDimV));
        queries = new float[GROUP * dim];
        out = new float[GROUP * dimV];
        halves = new short[BLOCK * Math.max(dim, dimV)];
        wide = new float[BLOCK * Math.max(dim, dimV)];
        record = new float[StateMerge.recordLength(dimV)];
    }
}
