package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Scratch.ROW;

import java.util.Arrays;
import java.util.List;
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
    /** Of each tile, whether its queries and the gradients of their outputs are. */
    private final boolean[] queriesAreFinite;
    /** Whether the keys of the block are. */
    private boolean keysAreFinite;

    GroupGradients(GradientCall call, QueryGroup group, Scratch scratch, Runnable poll) {
        this.call = call;
        this.group = group;
        this.cut = new TileCut(group, false);
        this.queriesAreFinite = new boolean[group.tiles()];
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
            queriesAreFinite[first / LANES] =
                    areFinite(own.queryRows, first, lanes, dim) && areFinite(own.outGradientRows, first, lanes, dimV);
        }
        Arrays.fill(own.queryGradients, 0, group.tiles() * LANES * paddedDim, 0);
    }

    private void loadKeys(long from, int count) {
        scratch.dropout.load(call.keyPositions(), from, from + count);
        Packing.pack(call.keys(), group.keyHead(), from, count, scratch.keys, scratch);
        Packing.pack(call.values(), group.keyHead(), from, count, scratch.values, scratch);
        keysAreFinite = areFinite(scratch.keys, 0, count, dim);
        Arrays.fill(own.keyGradients, 0, count * ROW, 0);
        Arrays.fill(own.valueGradients, 0, count * ROW, 0);
    }

    private void attendTile(int firstQuery, KeyBlocks block) {
        Tile tile = cut.tile(firstQuery, Math.min(LANES, group.size() - firstQuery), block, call.softcap());
        if (tile == null) {
            return;
        }
        if (tile.masked()) {
            cut.mask(scratch.admitted);
        }
        scratch.dropout.decide(tile);
        LaneProducts.scores(scratch.keys, tile, dim, own.queries, scratch.scores, scratch.products);
        LaneStep.run(GradientStep.WEIGHTS, scratch, tile);
        LaneProducts.scores(scratch.values, tile, dimV, own.outGradients, own.slopes, scratch.products);
        LaneStep.run(GradientStep.SLOPES, scratch, tile);
        boolean even = tile.keys() % LaneTiles.ROWS == 0;
        if ((!tile.masked() && even) || (keysAreFinite && queriesAreFinite[firstQuery / LANES])) {
            multiply(tile);
        } else {
            multiplyAdmitted(tile);
        }
    }

    private void multiply(Tile tile) {
        int end = Math.ceilDiv(tile.keys(), LaneTiles.ROWS) * LaneTiles.ROWS * LANES;
        Arrays.fill(scratch.scores, tile.keys() * LANES, end, 0);
        Arrays.fill(own.slopes, tile.keys() * LANES, end, 0);
        LaneProducts.accumulate(
                scratch.keys, tile, paddedDim, own.slopes, own.queryGradients, own.ones, scratch.products);
        LaneProducts.collect(own.slopes, tile, own.queryRows, dim, own.keyGradients, scratch.products);
        LaneProducts.collect(scratch.scores, tile, own.outGradientRows, dimV, own.valueGradients, scratch.products);
    }

    /** The same, but only over admitted pairs. */
    private void multiplyAdmitted(Tile tile) {
        if (!tile.masked()) {
            Arrays.fill(scratch.admitted, 0, tile.keys(), -1L);
        }
        long[] admitted = scratch.admitted;
        LaneProducts.accumulateAdmitted(scratch.keys, tile, dim, own.slopes, admitted, own.queryGradients, own.ones);
        LaneProducts.collectAdmitted(own.slopes, admitted, tile, own.queryRows, dim, own.keyGradients);
        LaneProducts.collectAdmitted(scratch.scores, admitted, tile, own.outGradientRows, dimV, own.valueGradients);
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
