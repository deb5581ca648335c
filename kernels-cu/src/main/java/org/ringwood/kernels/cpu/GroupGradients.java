package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Scratch.ROW;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.Tensor;

/**
 * Gradients of one group of queries and some keys, with queries in the lanes of vectors: block after block of keys is loaded, the weights of
 * every tile are computed anew, and its five matrix products taken (FlashAttention-2, arXiv 2307.08691, algorithm 2, with its loops turned
 * round). The gradients of keys and values are added to the call's after each block, those of the queries at the end.
 */
final class GroupGradients {
    private final GradientCall call;
    private final QueryGroup group;
    private final TileCut cut;
    private final Scratch scratch;
    private final GradientScratch own;
    private final Runnable poll;
    private final int dim;
    private final int dimV;
    private final int paddedDim;

    GroupGradients(GradientCall call, QueryGroup group, Scratch scratch, Runnable poll) {
        this.call = call;
        this.group = group;
        this.cut = new TileCut(group);
        this.scratch = scratch;
        this.own = scratch.gradients;
        this.poll = poll;
        this.dim = call.queries().dim();
        this.dimV = call.values().dim();
        this.paddedDim = LaneProducts.padded(dim);
        scratch.reserve(dim, dimV);
        own.reserve(dim, dimV);
    }

    /** Computes the gradients for all that the slices admit, which are sorted by first key, and adds those of keys and values. */
    void attend(List<Slice> slices) {
        loadQueries();
        KeyBlocks blocks = new KeyBlocks(slices, Scratch.BLOCK);
        while (blocks.next()) {
            int keys = (int) (blocks.to() - blocks.from());
            loadKeys(blocks.from(), keys);
            for (int query = 0; query < group.size(); query += LANES) {
                poll.run();
                attendTile(query, blocks);
            }
            for (int k = 0; k < keys; k++) {
                long row = blocks.from() + k;
                add(own.keyGradients, k * ROW, call.scale(), call.keyGradients(), row, group.keyHead());
                add(own.valueGradients, k * ROW, 1, call.valueGradients(), row, group.keyHead());
            }
        }
    }

    /** Adds the gradients of the queries. */
    void addQueryGradients() {
        for (int i = 0; i < group.size(); i++) {
            int lane = i % LANES;
            int from = (i - lane) * paddedDim + lane;
            for (int d = 0; d < dim; d++) {
                scratch.rows[d] = own.queryGradients[from + d * LANES];
            }
            add(scratch.rows, 0, call.scale(), call.queryGradients(), group.row(i), group.head(i));
        }
    }

    private void add(float[] gradients, int at, float scale, Tensor to, long row, int head) {
        float[] sums = own.row;
        to.read(row, head, sums, 0);
        for (int i = 0; i < to.dim(); i++) {
            sums[i] = Math.fma(scale, gradients[at + i], sums[i]);
        }
        to.write(row, head, sums, 0);
    }

    private void loadQueries() {
        double scale = call.softcap() > 0 ? call.scale() : call.scale() / Exponential.LN_2;
        double kept = call.dropout().scale();
        scratch.dropout.begin(call.dropout(), group, call.queryPositions());
        for (int i = 0; i < group.size(); i++) {
            long row = group.row(i);
            int head = group.head(i);
            call.queries().read(row, head, own.queryRows, i * ROW);
            call.outGradients().read(row, head, own.outGradientRows, i * ROW);
            float lse = call.lse().get(row, head, 0);
            own.lse[i] = (float) (lse / Exponential.LN_2);
            // Weights are too large by what the binary logarithm is rounded by; all that they are multiplied with makes
            // up for it.
            float correction = Exponential.rebase(own.lse[i], lse);
            own.delta[i] = call.delta().get(row, head, 0) * correction;
            for (int d = i * ROW; d < i * ROW + dimV; d++) {
                own.outGradientRows[d] *= (float) (correction * kept);
            }
        }
        for (int first = 0; first < group.size(); first += LANES) {
            int lanes = Math.min(LANES, group.size() - first);
            LaneProducts.toLanes(own.queryRows, first * ROW, dim, lanes, scale, own.queries, first * dim);
            LaneProducts.toLanes(own.outGradientRows, first * ROW, dimV, lanes, 1, own.outGradients, first * dimV);
        }
        Arrays.fill(own.queryGradients, 0, group.tiles() * LANES * paddedDim, 0);
    }

    private void loadKeys(long from, int count) {
        scratch.dropout.load(call.keyPositions(), from, from + count);
        Packing.pack(call.keys(), group.keyHead(), from, count, scratch.keys, scratch);
        Packing.pack(call.values(), group.keyHead(), from, count, scratch.values, scratch);
        Arrays.fill(own.keyGradients, 0, count * ROW, 0);
        Arrays.fill(own.valueGradients, 0, count * ROW, 0);
    }

    private void attendTile(int firstQuery, KeyBlocks block) {
        Tile tile = cut.tile(firstQuery, Math.min(LANES, group.size() - firstQuery), block, call.softcap());
        if (tile == null) {
            return;
        }
        boolean whole = cut.isWhole(false);
        if (!whole) {
            cut.mask(scratch.admitted);
        }
        scratch.dropout.decide(tile);
        weigh(tile, !whole);
        LaneProducts.scores(scratch.values, tile, dimV, own.outGradients, own.slopes, scratch.tileMax);
        for (int lane = 0; lane < tile.lanes(); lane += LENGTH) {
            slope(tile, lane, !whole);
        }
        if (scratch.dropout.isActive()) {
            SoftmaxStep.DROP.run(scratch, tile);
        }
        boolean even = tile.keys() % LaneTiles.ROWS == 0;
        if ((whole && even) || isFinite(tile)) {
            multiply(tile);
        } else {
            multiplyAdmitted(tile, whole);
        }
    }

    /** Leaves the weights in {@link Scratch#scores}, 0 for pairs that are not admitted. */
    private void weigh(Tile tile, boolean masked) {
        LaneProducts.scores(scratch.keys, tile, dim, own.queries, scratch.scores, scratch.tileMax);
        if (tile.softcap() > 0) {
            SoftmaxStep.CAP.run(scratch, tile);
            for (int lane = 0; lane < tile.lanes(); lane += LENGTH) {
                slopeOfCap(tile, lane);
            }
        }
        if (masked) {
            SoftmaxStep.MASK.run(scratch, tile);
        }
        for (int lane = 0; lane < tile.lanes(); lane += LENGTH) {
            LaneWeights.weigh(scratch.scores, lane, tile.keys(), own.lse, tile.query(lane), scratch.total, lane);
        }
    }

    /** {@code 1 − tanh²}, of capped scores. */
    private void slopeOfCap(Tile tile, int lane) {
        float perCap = (float) (Exponential.LN_2 / tile.softcap());
        for (int k = 0; k < tile.keys(); k++) {
            int at = k * LANES + lane;
            FloatVector tanh = FloatVector.fromArray(FLOATS, scratch.scores, at).mul(perCap);
            tanh.neg().fma(tanh, FloatVector.broadcast(FLOATS, 1)).intoArray(own.capSlopes, at);
        }
    }

    /**
     * Turns the gradients of kept weights into those of scores. For pairs that are not admitted these and the weights are 0, also where a log-sum-exp is not
     * a number.
     */
    private void slope(Tile tile, int lane, boolean masked) {
        boolean capped = tile.softcap() > 0;
        boolean dropped = scratch.dropout.isActive();
        FloatVector delta = FloatVector.fromArray(FLOATS, own.delta, tile.query(lane));
        for (int k = 0; k < tile.keys(); k++) {
            int at = k * LANES + lane;
            FloatVector weight = FloatVector.fromArray(FLOATS, scratch.scores, at);
            FloatVector slope = FloatVector.fromArray(FLOATS, own.slopes, at);
            if (dropped) {
                slope = slope.blend(0, VectorMask.fromLong(FLOATS, ~scratch.dropout.kept[k] >>> lane));
            }
            slope = slope.sub(delta).mul(weight);
            if (capped) {
                slope = slope.mul(FloatVector.fromArray(FLOATS, own.capSlopes, at));
            }
            if (masked) {
                VectorMask<Float> refused = VectorMask.fromLong(FLOATS, ~scratch.admitted[k] >>> lane);
                slope = slope.blend(0, refused);
                weight.blend(0, refused).intoArray(scratch.scores, at);
            }
            slope.intoArray(own.slopes, at);
        }
    }

    private void multiply(Tile tile) {
        int end = Math.ceilDiv(tile.keys(), LaneTiles.ROWS) * LaneTiles.ROWS * LANES;
        Arrays.fill(scratch.scores, tile.keys() * LANES, end, 0);
        Arrays.fill(own.slopes, tile.keys() * LANES, end, 0);
        LaneProducts.accumulate(scratch.keys, tile, paddedDim, own.slopes, own.queryGradients, own.ones);
        LaneProducts.collect(own.slopes, tile, own.queryRows, dim, own.keyGradients);
        LaneProducts.collect(scratch.scores, tile, own.outGradientRows, dimV, own.valueGradients);
    }

    /** The same, but only over admitted pairs. */
    private void multiplyAdmitted(Tile tile, boolean whole) {
        if (whole) {
            Arrays.fill(scratch.admitted, 0, tile.keys(), -1L);
        }
        long[] admitted = scratch.admitted;
        LaneProducts.accumulateAdmitted(scratch.keys, tile, dim, own.slopes, admitted, own.queryGradients, own.ones);
        LaneProducts.collectAdmitted(own.slopes, admitted, tile, own.queryRows, dim, own.keyGradients);
        LaneProducts.collectAdmitted(scratch.scores, admitted, tile, own.outGradientRows, dimV, own.valueGradients);
    }

    /** Whether all operands of a tile are. */
    private boolean isFinite(Tile tile) {
        return areFinite(own.queryRows, tile.firstQuery(), tile.lanes(), dim)
                && areFinite(own.outGradientRows, tile.firstQuery(), tile.lanes(), dimV)
                && areFinite(scratch.keys, tile.skipped(), tile.keys(), dim);
    }

    private static boolean areFinite(float[] rows, int first, int count, int dim) {
        for (int row = first; row < first + count; row++) {
            if (!Vectors.allFinite(rows, row * ROW, row * ROW + dim)) {
                return false;
            }
        }
        return true;
    }
}
