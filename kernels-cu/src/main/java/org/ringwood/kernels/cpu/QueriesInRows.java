package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.RowPanel.ROWS;

import java.util.Arrays;
import org.ringwood.kernels.AttentionCall;

/**
 * Queries, keys and values row by row, for groups of few queries such as those of decoding: the time is that of reading keys and values
 * once, panel after panel.
 */
final class QueriesInRows implements OperandLayout {
    private final AttentionCall call;
    private final QueryGroup group;
    private final Scratch scratch;
    private final RowScratch rows;
    private final LanesByHead lanes;
    /** Elements of a padded row. */
    private final int dim;

    private final int dimV;
    /** First key of the block. */
    private long from;
    /** Keys of the block. */
    private int loaded;

    QueriesInRows(AttentionCall call, QueryGroup group, Scratch scratch) {
        this.call = call;
        this.group = group;
        this.scratch = scratch;
        this.rows = scratch.byRows;
        this.lanes = rows.lanes;
        this.dim = RowProduct.padded(call.queries().dim());
        this.dimV = RowProduct.padded(call.values().dim());
    }

    @Override
    public int tileQueries() {
        return Scratch.LANES;
    }

    @Override
    public void begin(double scale) {
        Arrays.fill(scratch.queries, 0, group.size() * dim, 0);
        for (int i = 0; i < group.size(); i++) {
            call.queries().read(group.row(i), group.head(i), rows.row, 0);
            for (int d = 0; d < call.queries().dim(); d++) {
                scratch.queries[i * dim + RowProduct.place(call.keys().dtype(), d)] = (float) (rows.row[d] * scale);
            }
        }
        Arrays.fill(scratch.out, 0, group.size() * dimV, 0);
        Arrays.fill(rows.sums, 0, group.size() * Scratch.LANES, 0);
        lanes.begin(call, group);
        rows.keys.begin(call.keys());
        rows.values.begin(call.values());
    }

    @Override
    public void load(long from, long to) {
        this.from = from;
        this.loaded = (int) (to - from);
    }

    @Override
    public void attend(Tile tile) {
        lanes.of(tile);
        score(tile);
        for (int lane = tile.from(); lane < tile.lanes(); lane++) {
            raiseMax(tile, lane, maxOfAdmitted(tile, lane));
            weigh(tile, lane);
        }
        accumulate(tile);
    }

    private void score(Tile tile) {
        for (int key = firstPanel(tile); key < end(tile); key += ROWS) {
            int count = Math.min(ROWS, loaded - key);
            rows.keys.readAhead(call.keys(), group, from + key, count);
            for (int i = 0; i < lanes.count(); i++) {
                if (lanes.isFirstOfHead(i)) {
                    rows.keys.load(call.keys(), lanes.head(i), from + key, count);
                }
                score(tile, lanes.get(i), key, count);
            }
        }
    }

    private void score(Tile tile, int lane, int key, int count) {
        RowProduct.score(
                rows.keys,
                count,
                scratch.queries,
                tile.query(lane) * dim,
                dim,
                rows.scores,
                lane * Scratch.BLOCK + key,
                rows.partial);
    }

    /** Panels start at multiples of their rows, so that bits depend on where a key is in the block, not in the tile. */
    private static int firstPanel(Tile tile) {
        return tile.skipped() / Scratch.LANES * Scratch.LANES;
    }

    private static int end(Tile tile) {
        return tile.skipped() + tile.keys();
    }

    /** Makes scores of keys that are not admitted −∞, also where they are not a number; what remains has the largest one. */
    private float maxOfAdmitted(Tile tile, int lane) {
        int row = lane * Scratch.BLOCK;
        int at = row + firstPanel(tile);
        if (tile.softcap() > 0) {
            RowSoftmax.cap(rows.scores, at, paddedKeys(tile), tile.softcap());
        }
        Arrays.fill(rows.scores, at, row + tile.skipped(), Float.NEGATIVE_INFINITY);
        Arrays.fill(rows.scores, row + end(tile), at + paddedKeys(tile), Float.NEGATIVE_INFINITY);
        for (int k = 0; tile.masked() && k < tile.keys(); k++) {
            if (!admits(lane, k)) {
                rows.scores[row + tile.skipped() + k] = Float.NEGATIVE_INFINITY;
            }
        }
        return rows.softmax.max(rows.scores, at, paddedKeys(tile));
    }

    /** Raises the maximum of a query; leaves in {@link Scratch#decay} what that does to its sum and output so far. */
    private void raiseMax(Tile tile, int lane, float max) {
        float before = scratch.max[tile.query(lane)];
        if (max > before) {
            scratch.max[tile.query(lane)] = max;
            scratch.decay[lane] = Exponential.power(before - max);
        } else {
            scratch.decay[lane] = 1;
        }
    }

    /** Keys from the first panel on, in whole vectors. */
    private static int paddedKeys(Tile tile) {
        return Math.ceilDiv(end(tile) - firstPanel(tile), Scratch.LANES) * Scratch.LANES;
    }

    private void weigh(Tile tile, int lane) {
        int query = tile.query(lane);
        rows.softmax.weigh(
                rows.scores,
                lane * Scratch.BLOCK + firstPanel(tile),
                paddedKeys(tile),
                scratch.max[query],
                scratch.decay[lane],
                rows.sums,
                query * Scratch.LANES);
        int at = lane * Scratch.BLOCK + tile.skipped();
        for (int k = 0; scratch.dropout.isActive() && k < tile.keys(); k++) {
            rows.scores[at + k] = isSet(scratch.dropout.kept, k, lane) ? rows.scores[at + k] : 0;
        }
    }

    private boolean admits(int lane, int key) {
        return isSet(scratch.admitted, key, lane);
    }

    private static boolean isSet(long[] lanesOfKeys, int key, int lane) {
        return ((lanesOfKeys[key] >>> lane) & 1) != 0;
    }

    private void accumulate(Tile tile) {
        for (int lane = tile.from(); lane < tile.lanes(); lane++) {
            RowProduct.multiply(scratch.out, tile.query(lane) * dimV, scratch.decay[lane], dimV);
        }
        for (int panel = firstPanel(tile); panel < end(tile); panel += ROWS) {
            int key = Math.max(panel, tile.skipped());
            int count = Math.min(panel + ROWS, end(tile)) - key;
            rows.values.readAhead(call.values(), group, from + key, count);
            for (int i = 0; i < lanes.count(); i++) {
                if (lanes.isFirstOfHead(i)) {
                    rows.values.load(call.values(), lanes.head(i), from + key, count);
                }
                accumulate(tile, lanes.get(i), key, count);
            }
        }
    }

    /**
     * Adds the values of some keys with their weights to the output of a lane. Only admitted pairs count: where a value is not a finite number, its product with
     * the weight 0 of a pair that is not admitted is none. Then the sum shows it.
     */
    private void accumulate(Tile tile, int lane, int firstKey, int count) {
        float[] sum = rows.sum;
        RowProduct.sum(rows.values, count, rows.scores, lane * Scratch.BLOCK + firstKey, sum, dimV);
        if (tile.masked() && !Vectors.allFinite(sum, 0, dimV)) {
            sumOfAdmitted(tile, lane, firstKey, count, sum);
        }
        RowProduct.add(sum, scratch.out, tile.query(lane) * dimV, dimV);
    }

    private void sumOfAdmitted(Tile tile, int lane, int firstKey, int count, float[] into) {
        for (int d = 0; d < dimV; d++) {
            float sum = 0;
            for (int i = 0; i < count; i++) {
                if (admits(lane, firstKey - tile.skipped() + i)) {
                    float weight = rows.scores[lane * Scratch.BLOCK + firstKey + i];
                    sum = Math.fma(rows.values.get(i, d), weight, sum);
                }
            }
            into[RowProduct.place(call.values().dtype(), d)] = sum;
        }
    }

    @Override
    public void end() {
        float scale = (float) call.dropout().scale();
        for (int i = 0; i < group.size(); i++) {
            float sum = RowSoftmax.sum(rows.sums, i * Scratch.LANES);
            scratch.sum[i] = sum;
            for (int d = 0; d < dimV; d++) {
                scratch.out[i * dimV + d] = sum == 0 ? 0 : scratch.out[i * dimV + d] / sum * scale;
            }
        }
    }

    @Override
    public void outputs(int first, int count, float[] into, int at) {
        for (int i = 0; i < count; i++) {
            for (int d = 0; d < call.values().dim(); d++) {
                int place = RowProduct.place(call.values().dtype(), d);
                into[at + i * Scratch.ROW + d] = scratch.out[(first + i) * dimV + place];
            }
        }
    }
}
