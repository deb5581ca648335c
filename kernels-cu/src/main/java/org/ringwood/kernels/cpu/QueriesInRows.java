package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.RowProduct.QUERIES;

import java.util.Arrays;
import org.ringwood.kernels.AttentionCall;

/**
 * Queries, keys and values row by row, for groups of few queries such as those of decoding: the time is that of reading keys and values
 * once, so these are read from where they lie if they can be.
 */
final class QueriesInRows implements OperandLayout {
    private final AttentionCall call;
    private final QueryGroup group;
    private final Scratch scratch;
    /** Elements of a padded row. */
    private final int dim;

    private final int dimV;
    private BlockRows keys;
    private BlockRows values;
    private int loaded;

    QueriesInRows(AttentionCall call, QueryGroup group, Scratch scratch) {
        this.call = call;
        this.group = group;
        this.scratch = scratch;
        this.dim = RowProduct.padded(call.queries().dim());
        this.dimV = RowProduct.padded(call.values().dim());
        this.keys = new BlockRows(scratch.packedKeys, 0, 0);
        this.values = new BlockRows(scratch.packedValues, 0, 0);
    }

    @Override
    public int tileQueries() {
        return RowProduct.LANES;
    }

    @Override
    public void begin(float scale) {
        int elements = call.queries().dim();
        for (int i = 0; i < group.size(); i++) {
            int at = i * dim;
            call.queries().read(group.row(i), group.head(i), scratch.queries, at);
            for (int d = 0; d < elements; d++) {
                scratch.queries[at + d] *= scale;
            }
            Arrays.fill(scratch.queries, at + elements, at + dim, 0);
        }
        Arrays.fill(scratch.out, 0, group.size() * dimV, 0);
    }

    @Override
    public void load(long from, long to) {
        loaded = (int) (to - from);
        keys = BlockRows.of(call.keys(), group.keyHead(), from, loaded, scratch.keys, scratch.packedKeys, scratch);
        values = BlockRows.of(
                call.values(), group.keyHead(), from, loaded, scratch.values, scratch.packedValues, scratch);
    }

    @Override
    public boolean score(Tile tile) {
        int together = together(tile);
        for (int lane = firstLane(tile); lane < tile.lanes(); lane += together) {
            RowProduct.score(
                    keys,
                    tile.skipped(),
                    tile.keys(),
                    together,
                    scratch.queries,
                    tile.query(lane) * dim,
                    dim,
                    scratch.scores,
                    lane,
                    scratch.partial);
        }
        return false;
    }

    /** Queries that are multiplied together: 4 unless there is only one. */
    private static int together(Tile tile) {
        return tile.lanes() - tile.from() == 1 ? 1 : QUERIES;
    }

    /** A multiple of 4, so that four lanes are always ones that the softmax covers. */
    private static int firstLane(Tile tile) {
        return together(tile) == 1 ? tile.from() : tile.from() / QUERIES * QUERIES;
    }

    @Override
    public void accumulate(Tile tile, boolean everyPair) {
        int together = together(tile);
        for (int lane = firstLane(tile); lane < tile.lanes(); lane += together) {
            if (everyPair) {
                RowProduct.multiply(
                        values, tile.skipped(), tile.keys(), together, scratch.scores, lane, scratch.product, dimV);
            } else {
                multiplyAdmitted(tile, lane, together);
            }
            for (int i = 0; i < together; i++) {
                int out = tile.query(lane + i) * dimV;
                RowProduct.fold(scratch.out, out, scratch.decay[lane + i], scratch.product, i * dimV, dimV);
            }
        }
    }

    /**
     * The product with the same bits, but only over admitted pairs: where a value is not a finite number, its product with the weight 0 would
     * poison the rows that do not admit it.
     */
    private void multiplyAdmitted(Tile tile, int firstLane, int lanes) {
        Arrays.fill(scratch.product, 0, lanes * dimV, 0);
        for (int k = 0; k < tile.keys(); k++) {
            for (int i = 0; i < lanes; i++) {
                if (((scratch.admitted[k] >>> (firstLane + i)) & 1) != 0) {
                    float weight = scratch.scores[k * Scratch.LANES + firstLane + i];
                    for (int d = 0; d < dimV; d++) {
                        float value = values.get(tile.skipped() + k, d);
                        int at = i * dimV + d;
                        scratch.product[at] = Math.fma(value, weight, scratch.product[at]);
                    }
                }
            }
        }
    }

    @Override
    public boolean valuesAreFinite() {
        for (int row = 0; row < loaded; row++) {
            if (!RowProduct.isFinite(values, row, dimV)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void end() {
        for (int i = 0; i < group.size(); i++) {
            float sum = scratch.sum[i];
            for (int d = 0; d < dimV; d++) {
                scratch.out[i * dimV + d] = sum == 0 ? 0 : scratch.out[i * dimV + d] / sum;
            }
        }
    }

    @Override
    public void outputs(int first, int count, float[] into, int at) {
        for (int i = 0; i < count; i++) {
            System.arraycopy(
                    scratch.out,
                    (first + i) * dimV,
                    into,
                    at + i * Scratch.ROW,
                    call.values().dim());
        }
    }
}
