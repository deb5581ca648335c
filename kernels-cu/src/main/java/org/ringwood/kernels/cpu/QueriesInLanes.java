package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.LANES;

import java.util.Arrays;
import org.ringwood.kernels.AttentionCall;

/**
 * Queries in the lanes of vectors, for groups that fill them: {@code Sᵀ = K·Qᵀ} and {@code Oᵀ = Vᵀ·Pᵀ}. The elements of keys and values
 * are broadcast, so they need no transposition; they are packed into scratch memory, which all tiles of the group read.
 */
final class QueriesInLanes implements OperandLayout {
    private final AttentionCall call;
    private final QueryGroup group;
    private final Scratch scratch;
    private final int dim;
    private final int dimV;
    private final int paddedDimV;
    private int loaded;

    QueriesInLanes(AttentionCall call, QueryGroup group, Scratch scratch) {
        this.call = call;
        this.group = group;
        this.scratch = scratch;
        this.dim = call.queries().dim();
        this.dimV = call.values().dim();
        this.paddedDimV = Math.ceilDiv(dimV, Product.ROWS) * Product.ROWS;
    }

    @Override
    public int tileQueries() {
        return LANES;
    }

    @Override
    public void begin() {
        for (int i = 0; i < group.size(); i++) {
            call.queries().read(group.row(i), group.head(i), scratch.row, 0);
            int lane = i / LANES * dim * LANES + i % LANES;
            for (int d = 0; d < dim; d++) {
                scratch.queries[lane + d * LANES] = scratch.row[d] * call.scale();
            }
        }
        Arrays.fill(scratch.out, 0, group.tiles() * paddedDimV * LANES, 0);
    }

    private int outStart(Tile tile) {
        return tile.firstQuery() * paddedDimV;
    }

    @Override
    public void load(long from, long to) {
        loaded = (int) (to - from);
        BlockRows.pack(call.keys(), group.keyHead(), from, loaded, dim, scratch.keys, scratch);
        BlockRows.pack(call.values(), group.keyHead(), from, loaded, paddedDimV, scratch.values, scratch);
    }

    /** Scores of the tile: keys × lanes. */
    @Override
    public void score(Tile tile) {
        int queries = tile.firstQuery() * dim;
        for (int k = 0; k < tile.keys(); k += Product.ROWS) {
            int key = (tile.skipped() + k) * dim;
            Product.rows(
                    scratch.keys,
                    key,
                    dim,
                    1,
                    dim,
                    scratch.queries,
                    queries,
                    scratch.scores,
                    k * LANES,
                    tile.vectors());
        }
    }

    @Override
    public void accumulate(Tile tile, boolean everyPair) {
        for (int i = 0; i < paddedDimV; i += Product.ROWS) {
            if (everyPair) {
                int value = tile.skipped() * paddedDimV + i;
                Product.rows(
                        scratch.values,
                        value,
                        1,
                        paddedDimV,
                        tile.keys(),
                        scratch.scores,
                        0,
                        scratch.product,
                        0,
                        tile.vectors());
            } else {
                multiplyAdmitted(tile, i);
            }
            Product.fold(
                    scratch.out,
                    outStart(tile) + i * LANES,
                    scratch.decay,
                    scratch.product,
                    Product.ROWS,
                    tile.vectors());
        }
    }

    /**
     * Four rows of the product of values and weights, with the same bits, but only over admitted pairs: where a value is not a
     * finite number, its product with the weight 0 would poison the rows that do not admit it.
     */
    private void multiplyAdmitted(Tile tile, int firstElement) {
        for (int row = 0; row < Product.ROWS; row++) {
            for (int lane = 0; lane < LANES; lane++) {
                float sum = 0;
                for (int k = 0; k < tile.keys(); k++) {
                    if (((scratch.admitted[k] >>> lane) & 1) != 0) {
                        float value = scratch.values[(tile.skipped() + k) * paddedDimV + firstElement + row];
                        sum = Math.fma(value, scratch.scores[k * LANES + lane], sum);
                    }
                }
                scratch.product[row * LANES + lane] = sum;
            }
        }
    }

    @Override
    public boolean valuesAreFinite() {
        return Vectors.allFinite(scratch.values, loaded * paddedDimV);
    }

    @Override
    public void end() {
        for (int tile = 0; tile < group.tiles(); tile++) {
            Product.divide(
                    scratch.out,
                    tile * LANES * paddedDimV,
                    scratch.sum,
                    tile * LANES,
                    dimV,
                    Math.ceilDiv(group.lanes(tile), Vectors.LENGTH));
        }
    }

    @Override
    public void output(int query, float[] into, int at) {
        int lane = query / LANES * LANES * paddedDimV + query % LANES;
        for (int d = 0; d < dimV; d++) {
            into[at + d] = scratch.out[lane + d * LANES];
        }
    }
}
