package org.ringwood.kernels.cpu;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.FMA;
import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Scratch.ROW;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import jdk.incubator.vector.FloatVector;

/** The matrix products of a tile, out of register tiles; {@code n} elements of the lanes of a group's query {@code i} begin at {@code i · n}. */
final class LaneProducts {
    private LaneProducts() {}

    /** Elements of a lane that whole register tiles write. */
    static int padded(int dim) {
        return Math.ceilDiv(dim, LaneTiles.ROWS) * LaneTiles.ROWS;
    }

    /** Transposes rows, {@link Scratch#ROW} apart, into lanes, multiplied by {@code scale}. */
    static void toLanes(float[] rows, int row, int dim, int count, double scale, float[] lanes, int at) {
        for (int d = 0; d < dim; d++) {
            for (int i = 0; i < count; i++) {
                lanes[at + d * LANES + i] = (float) (rows[row + i * ROW + d] * scale);
            }
        }
    }

    /**
     * The products of a tile's keys, or values, with the lanes of its queries.
     *
     * @param rows keys or values of the block
     * @param dim elements of each
     * @param lanes those of the group
     * @param scores where the products go: rows of lanes, one a key
     * @param products room for a register tile's
     */
    static void scores(float[] rows, Tile tile, int dim, float[] lanes, float[] scores, float[] products) {
        int lane = tile.firstQuery() * dim;
        for (int k = 0; k < tile.keys(); k += LaneTiles.ROWS) {
            int row = (tile.skipped() + k) * ROW;
            int count = Math.min(LaneTiles.CHAIN, dim);
            LaneTiles.score(rows, row, count, lanes, lane, scores, k * LANES, tile.vectors());
            for (int d = count; d < dim; d += LaneTiles.CHAIN) {
                count = Math.min(LaneTiles.CHAIN, dim - d);
                LaneTiles.score(rows, row + d, count, lanes, lane + d * LANES, products, 0, tile.vectors());
                add(products, LANES, scores, k * LANES, tile.vectors());
            }
        }
    }

    /** Adds the products of a register tile, whose rows are {@code stride} apart, to those at {@code at}. */
    private static void add(float[] products, int stride, float[] sums, int at, int vectors) {
        for (int row = 0; row < LaneTiles.ROWS * stride; row += stride) {
            for (int i = row; i < row + vectors * LENGTH; i += LENGTH) {
                FloatVector.fromArray(FLOATS, sums, at + i)
                        .lanewise(ADD, FloatVector.fromArray(FLOATS, products, i))
                        .intoArray(sums, at + i);
            }
        }
    }

    /**
     * Adds the sums of a tile's values, or keys, times their weights to the lanes of its queries, {@code lanes · decay + rowsᵀ · weights}.
     *
     * @param rows values or keys of the block
     * @param dim elements of each, {@link #padded}
     * @param weights rows of lanes, one a key
     * @param lanes those of the group
     * @param decay what each lane is multiplied by before
     * @param products room for a register tile's
     */
    static void accumulate(
            float[] rows, Tile tile, int dim, float[] weights, float[] lanes, float[] decay, float[] products) {
        for (int d = 0; d < dim; d += LaneTiles.ROWS) {
            LaneTiles.accumulate(rows, tile.skipped() * ROW + d, tile.keys(), weights, products, tile.vectors());
            addDecayed(products, lanes, tile.firstQuery() * dim + d * LANES, decay, tile.vectors());
        }
    }

    private static void addDecayed(float[] products, float[] lanes, int at, float[] decay, int vectors) {
        for (int lane = 0; lane < vectors * LENGTH; lane += LENGTH) {
            FloatVector factor = FloatVector.fromArray(FLOATS, decay, lane);
            for (int i = lane; i < LaneTiles.ROWS * LANES; i += LANES) {
                FloatVector.fromArray(FLOATS, lanes, at + i)
                        .lanewise(FMA, factor, FloatVector.fromArray(FLOATS, products, i))
                        .intoArray(lanes, at + i);
            }
        }
    }

    /**
     * Adds the sums of the queries' rows times their weights to the gradients of a tile's keys, or values.
     *
     * @param weights rows of lanes, one a key; those behind the last key up to a whole register tile have to be 0
     * @param rows rows of the group's queries
     * @param dim elements of each
     * @param sums gradients of the block
     * @param products room for a register tile's
     */
    static void collect(float[] weights, Tile tile, float[] rows, int dim, float[] sums, float[] products) {
        int vectors = Math.ceilDiv(dim, LENGTH);
        int row = tile.query(tile.from()) * ROW;
        for (int k = 0; k < tile.keys(); k += LaneTiles.ROWS) {
            int lanes = tile.lanes() - tile.from();
            LaneTiles.collect(weights, k * LANES + tile.from(), lanes, rows, row, products, vectors);
            add(products, ROW, sums, (tile.skipped() + k) * ROW, vectors);
        }
    }

    /**
     * {@link #accumulate} with the same bits, but only over admitted pairs: where an operand is not a finite number, its product with the weight
     * 0 would poison what it has nothing to do with.
     *
     * @param dim elements of each row
     * @param admitted for every key of the tile the lanes that admit it, a bit each
     */
    static void accumulateAdmitted(
            float[] rows, Tile tile, int dim, float[] weights, long[] admitted, float[] lanes, float[] decay) {
        for (int d = 0; d < dim; d++) {
            for (int lane = 0; lane < tile.lanes(); lane++) {
                float sum = 0;
                for (int k = 0; k < tile.keys(); k++) {
                    if (isAdmitted(admitted, k, lane)) {
                        sum = Math.fma(rows[(tile.skipped() + k) * ROW + d], weights[k * LANES + lane], sum);
                    }
                }
                int at = tile.firstQuery() * padded(dim) + d * LANES + lane;
                lanes[at] = Math.fma(lanes[at], decay[lane], sum);
            }
        }
    }

    /** {@link #collect} with the same bits, but only over admitted pairs. */
    static void collectAdmitted(float[] weights, long[] admitted, Tile tile, float[] rows, int dim, float[] sums) {
        for (int k = 0; k < tile.keys(); k++) {
            for (int d = 0; d < dim; d++) {
                float sum = 0;
                for (int lane = tile.from(); lane < tile.lanes(); lane++) {
                    if (isAdmitted(admitted, k, lane)) {
                        sum = Math.fma(weights[k * LANES + lane], rows[tile.query(lane) * ROW + d], sum);
                    }
                }
                sums[(tile.skipped() + k) * ROW + d] += sum;
            }
        }
    }

    private static boolean isAdmitted(long[] admitted, int key, int lane) {
        return ((admitted[key] >>> lane) & 1) != 0;
    }
}
