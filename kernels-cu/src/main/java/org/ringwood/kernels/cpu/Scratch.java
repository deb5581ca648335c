package org.ringwood.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
    static final int LANES = 64;

    /** Tiles of a group: its queries share a block of keys while that is in the cache. */
    static final int TILES = 4;

    /** Queries of a group. */
    static final int GROUP = LANES * TILES;

    /** Keys of a block. */
    static final int BLOCK = 128;

    /** Key rows that a register tile may read or write past a block. */
    private static final int SLACK = Product.ROWS - 1;

    /** Queries of a group, scaled; the other queries of a register tile may be read behind them. */
    float[] queries = {};
    /** Output of a group, not yet divided by the sum. */
    float[] out = {};
    /** A block of keys, row by row. */
    float[] keys = {};
    /** A block of values, row by row, each padded to whole register tiles. */
    float[] values = {};
    /** The bits of a block on their way from 16-bit elements. */
    short[] halves = {};
    /** As {@link #keys}, for those who read them from native memory. */
    MemorySegment packedKeys = MemorySegment.NULL;
    /** As {@link #values}, for those who read them from native memory. */
    MemorySegment packedValues = MemorySegment.NULL;
    /** Scores of a tile, then its weights: a row of lanes a key. */
    final float[] scores = new float[(BLOCK + SLACK) * LANES];

    /** Values times weights: a register tile's rows of lanes, or the rows of some queries. */
    final float[] product = new float[Math.max(Product.ROWS * LANES, RowProduct.QUERIES * AttentionCall.MAX_DIM)];

    /** Partial sums of scores. */
    final float[] partial = new float[RowProduct.PARTIAL_SUMS];

    final float[] max = new float[GROUP];
    final float[] sum = new float[GROUP];
    /** What the sum and output of a tile's lanes are multiplied by as the maximum grows. */
    final float[] decay = new float[LANES];
    /** Sum of the weights of a tile's lanes. */
    final float[] total = new float[LANES];
    /** For every key of a tile the lanes that admit it, a bit each. */
    final long[] admitted = new long[BLOCK];
    /** A query, or a softmax record on its way. */
    float[] row = {};
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
        queries = new float[(GROUP + RowProduct.QUERIES) * dim];
        out = new float[(GROUP + RowProduct.QUERIES) * dimV];
        keys = new float[(BLOCK + SLACK) * dim];
        values = new float[BLOCK * dimV];
        halves = new short[BLOCK * Math.max(dim, dimV)];
        packedKeys = nativeBlock(dim);
        packedValues = nativeBlock(dimV);
        row = new float[Math.max(dim, StateMerge.recordLength(dimV))];
        record = new float[row.length];
    }

    private static MemorySegment nativeBlock(int dim) {
        return Arena.ofAuto().allocate((long) BLOCK * dim * Float.BYTES, 64);
    }
}
