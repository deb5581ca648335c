package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.BLOCK;
import static org.ringwood.kernels.cpu.Scratch.LANES;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/**
 * Attention of one group of queries to some keys by the online softmax of FlashAttention: block after block of keys is packed into
 * scratch memory and attended by every tile of the group that admits some of it. What is left is one softmax record a query.
 */
final class GroupAttention {
    private final AttentionCall call;
    private final QueryGroup group;
    private final Scratch scratch;
    private final BooleanSupplier cancelled;
    private final int dim;
    private final int dimV;
    private final int paddedDimV;
    private final List<Slice> tileSlices = new ArrayList<>();
    private BlockValues blockValues = BlockValues.UNKNOWN;

    private enum BlockValues {
        UNKNOWN,
        FINITE,
        NOT_FINITE
    }

    GroupAttention(AttentionCall call, QueryGroup group, Scratch scratch, BooleanSupplier cancelled) {
        this.call = call;
        this.group = group;
        this.scratch = scratch;
        this.cancelled = cancelled;
        this.dim = call.queries().dim();
        this.dimV = call.values().dim();
        this.paddedDimV = Math.ceilDiv(dimV, Product.ROWS) * Product.ROWS;
        scratch.reserve(dim, paddedDimV);
    }

    /** Attends to what the slices admit: (row, key row) within the group's rows, sorted by first key. */
    void attend(List<Slice> slices) {
        packQueries();
        Arrays.fill(scratch.out, 0, group.tiles() * paddedDimV * LANES, 0);
        Arrays.fill(scratch.max, Float.NEGATIVE_INFINITY);
        Arrays.fill(scratch.sum, 0);
        KeyBlocks blocks = new KeyBlocks(slices, BLOCK);
        while (blocks.next()) {
            if (cancelled.getAsBoolean()) {
                throw new CancellationException("attention was cancelled");
            }
            packBlock(blocks.from(), blocks.to());
            for (int tile = 0; tile < group.tiles(); tile++) {
                attendTile(tile, blocks);
            }
        }
        for (int tile = 0; tile < group.tiles(); tile++) {
            for (int lane = 0; lane < group.lanes(tile); lane += Vectors.LENGTH) {
                TileSoftmax.normalise(scratch.out, outStart(tile), dimV, lane, scratch.sum, tile * LANES + lane);
            }
        }
    }

    private int outStart(int tile) {
        return tile * paddedDimV * LANES;
    }

    private void packQueries() {
        for (int i = 0; i < group.size(); i++) {
            call.queries().read(group.row(i), group.head(i), scratch.row, 0);
            int lane = i / LANES * dim * LANES + i % LANES;
            for (int d = 0; d < dim; d++) {
                scratch.queries[lane + d * LANES] = scratch.row[d] * call.scale();
            }
        }
    }

    private void packBlock(long from, long to) {
        Tensor keys = call.keys();
        Tensor values = call.values();
        for (int k = 0; k < to - from; k++) {
            keys.read(from + k, group.keyHead(), scratch.keys, k * dim);
            values.read(from + k, group.keyHead(), scratch.values, k * paddedDimV);
            Arrays.fill(scratch.values, k * paddedDimV + dimV, (k + 1) * paddedDimV, 0);
        }
        blockValues = BlockValues.UNKNOWN;
    }

    private void attendTile(int tile, KeyBlocks block) {
        int firstQuery = tile * LANES;
        long rowFrom = group.row(firstQuery);
        long rowTo = group.rowEnd(firstQuery, group.lanes(tile));
        tileSlices.clear();
        long keyFrom = Long.MAX_VALUE;
        long keyTo = Long.MIN_VALUE;
        for (Slice slice : block.slices()) {
            Slice part = slice.clip(rowFrom, rowTo, block.from(), block.to());
            if (!part.isEmpty()) {
                tileSlices.add(part);
                keyFrom = Math.min(keyFrom, part.kFrom());
                keyTo = Math.max(keyTo, part.kTo());
            }
        }
        if (tileSlices.isEmpty()) {
            return;
        }
        int skipped = (int) (keyFrom - block.from());
        int keys = (int) (keyTo - keyFrom);
        Slice first = tileSlices.getFirst();
        boolean whole = tileSlices.size() == 1 && first.isFull() && first.qFrom() == rowFrom && first.qTo() == rowTo;
        if (!whole) {
            TileMask.fill(scratch.admitted, tileSlices, group, firstQuery, keyFrom, keys);
        }
        score(tile, skipped, keys);
        soften(tile, keys, whole);
        if (whole || valuesAreFinite((int) (block.to() - block.from()))) {
            accumulate(tile, skipped, keys);
        } else {
            accumulateAdmitted(tile, skipped, keys);
        }
    }

    /** Scores of the tile: keys × lanes. */
    private void score(int tile, int skipped, int keys) {
        int vectors = vectors(tile);
        for (int k = 0; k < keys; k += Product.ROWS) {
            Product.rows(
                    scratch.keys,
                    (skipped + k) * dim,
                    dim,
                    1,
                    dim,
                    scratch.queries,
                    tile * dim * LANES,
                    scratch.scores,
                    k * LANES,
                    false,
                    vectors);
        }
    }

    /** Turns scores into weights, and makes maximum, sum and output follow. */
    private void soften(int tile, int keys, boolean whole) {
        for (int lane = 0; lane < group.lanes(tile); lane += Vectors.LENGTH) {
            int at = tile * LANES + lane;
            if (call.softcap() > 0) {
                TileSoftmax.cap(scratch.scores, keys, lane, call.softcap());
            }
            if (!whole) {
                TileSoftmax.mask(scratch.scores, scratch.admitted, keys, lane);
            }
            TileSoftmax.raiseMax(scratch.scores, keys, lane, scratch.max, at, scratch.decay);
            TileSoftmax.weigh(scratch.scores, keys, lane, scratch.max, scratch.sum, at, scratch.decay);
            TileSoftmax.decay(scratch.out, outStart(tile), dimV, lane, scratch.decay);
        }
    }

    /** Adds the weighted values of the tile's keys to its output. */
    private void accumulate(int tile, int skipped, int keys) {
        int vectors = vectors(tile);
        for (int i = 0; i < paddedDimV; i += Product.ROWS) {
            Product.rows(
                    scratch.values,
                    skipped * paddedDimV + i,
                    1,
                    paddedDimV,
                    keys,
                    scratch.scores,
                    0,
                    scratch.out,
                    outStart(tile) + i * LANES,
                    true,
                    vectors);
        }
    }

    /** As {@link #accumulate}, with the same bits, but looks only at admitted pairs: 0 · NaN would poison the other rows. */
    private void accumulateAdmitted(int tile, int skipped, int keys) {
        for (int i = 0; i < dimV; i++) {
            for (int lane = 0; lane < group.lanes(tile); lane++) {
                float sum = 0;
                for (int k = 0; k < keys; k++) {
                    if ((scratch.admitted[k] >>> lane & 1) != 0) {
                        float value = scratch.values[(skipped + k) * paddedDimV + i];
                        sum = Math.fma(value, scratch.scores[k * LANES + lane], sum);
                    }
                }
                scratch.out[outStart(tile) + i * LANES + lane] += sum;
            }
        }
    }

    private boolean valuesAreFinite(int keys) {
        if (blockValues == BlockValues.UNKNOWN) {
            boolean finite = TileSoftmax.allFinite(scratch.values, keys * paddedDimV);
            blockValues = finite ? BlockValues.FINITE : BlockValues.NOT_FINITE;
        }
        return blockValues == BlockValues.FINITE;
    }

    private int vectors(int tile) {
        return Math.ceilDiv(group.lanes(tile), Vectors.LENGTH);
    }

    /** Writes the record of query {@code i} to {@code into[at…]}. */
    private void record(int i, float[] into, int at) {
        into[at] = scratch.max[i];
        into[at + 1] = scratch.sum[i];
        int lane = outStart(i / LANES) + i % LANES;
        for (int d = 0; d < dimV; d++) {
            into[at + SoftmaxState.HEADER + d] = scratch.out[lane + d * LANES];
        }
    }

    /** Merges the records into the call's state. */
    void mergeIntoState() {
        for (int i = 0; i < group.size(); i++) {
            record(i, scratch.row, 0);
            StateMerge.merge(call.state(), group.row(i), group.head(i), scratch.row, 0, scratch.record);
        }
    }

    /** Writes the records into part {@code part} of {@code partials}. */
    void storeInto(PartialStates partials, int part) {
        for (int i = 0; i < group.size(); i++) {
            record(i, partials.records(), partials.offset(group.row(i), group.head(i), part));
        }
    }
}
