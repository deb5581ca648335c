package org.ringwood.kernels.cpu;

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

    /** Transposed queries of a group, scaled. */
    float[] queries = {};
    /** Transposed output of a group, not yet divided by the sum. */
    float[] out = {};
    /** A block of keys, row by row. */
    float[] keys = {};
    /** A block of values, row by row, each padded to whole register tiles. */
    float[] values = {};
    /** Scores of a tile, then its weights: a row of lanes a key. */
    final float[] scores = new float[(BLOCK + SLACK) * LANES];

    /** A register tile's rows of the product of values and weights. */
    final float[] product = new float[Product.ROWS * LANES];

    final float[] max = new float[GROUP];
    final float[] sum = new float[GROUP];
    /** What the sum and output of a tile's lanes are multiplied by as the maximum grows. */
    final float[] decay = new float[LANES];
    /** For every key of a tile the lanes that admit it, a bit each. */
    final long[] admitted = new long[BLOCK];
    /** A query, or a softmax record on its way. */
    float[] row = {};
    /** A record already in memory. */
    float[] record = {};

    /** Makes room for heads of {@code dim} and {@code paddedDimV} elements. */
    void reserve(int dim, int paddedDimV) {
        if (queries.length < GROUP * dim) {
            queries = new float[GROUP * dim];
            keys = new float[(BLOCK + SLACK) * dim];
        }
        if (out.length < GROUP * paddedDimV) {
            out = new float[GROUP * paddedDimV];
            values = new float[BLOCK * paddedDimV];
        }
        int longest = Math.max(dim, StateMerge.recordLength(paddedDimV));
        if (row.length < longest) {
            row = new float[longest];
            record = new float[longest];
        }
    }
}
