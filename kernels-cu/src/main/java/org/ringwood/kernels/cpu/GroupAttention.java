package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.BLOCK;
import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.SoftmaxStep.CAP;
import static org.ringwood.kernels.cpu.SoftmaxStep.MASK;
import static org.ringwood.kernels.cpu.SoftmaxStep.NORMALISE;
import static org.ringwood.kernels.cpu.SoftmaxStep.RAISE_MAX;
import static org.ringwood.kernels.cpu.SoftmaxStep.WEIGH;

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
    private static final SoftmaxStep[] WHOLE = {RAISE_MAX, WEIGH};
    private static final SoftmaxStep[] MASKED = {MASK, RAISE_MAX, WEIGH};
    private static final SoftmaxStep[] CAPPED_WHOLE = {CAP, RAISE_MAX, WEIGH};
    private static final SoftmaxStep[] CAPPED_MASKED = {CAP, MASK, RAISE_MAX, WEIGH};
    private static final SoftmaxStep[] END = {NORMALISE};

    private final AttentionCall call;
    private final QueryGroup group;
    private final Scratch scratch;
    private final BooleanSupplier cancelled;
    private final int dim;
    private final int dimV;
    private final int paddedDimV;
    private final List<Slice> tileSlices = new ArrayList<>();
    private final SoftmaxStep[] stepsOfWhole;
    private final SoftmaxStep[] stepsOfMasked;
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
        boolean capped = call.softcap() > 0;
        this.stepsOfWhole = capped ? CAPPED_WHOLE : WHOLE;
        this.stepsOfMasked = capped ? CAPPED_MASKED : MASKED;
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
            for (int i = 0; i < group.tiles(); i++) {
                attendTile(i, blocks);
            }
        }
        for (int i = 0; i < group.tiles(); i++) {
            SoftmaxStep.run(END, scratch, tile(i, 0, 0));
        }
    }

    private Tile tile(int index, int skipped, int keys) {
        return new Tile(index, group.lanes(index), skipped, keys, dimV, outStart(index), call.softcap());
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

    private void attendTile(int index, KeyBlocks block) {
        int firstQuery = index * LANES;
        long rowFrom = group.row(firstQuery);
        long rowTo = group.rowEnd(firstQuery, group.lanes(index));
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
        Tile tile = tile(index, (int) (keyFrom - block.from()), (int) (keyTo - keyFrom));
        Slice first = tileSlices.getFirst();
        boolean whole = tileSlices.size() == 1 && first.isFull() && first.qFrom() == rowFrom && first.qTo() == rowTo;
        if (!whole) {
            TileMask.fill(scratch.admitted, tileSlices, group, firstQuery, keyFrom, tile.keys());
        }
        score(tile);
        SoftmaxStep.run(whole ? stepsOfWhole : stepsOfMasked, scratch, tile);
        accumulate(tile, whole || valuesAreFinite((int) (block.to() - block.from())));
    }

    /** Scores of the tile: keys × lanes. */
    private void score(Tile tile) {
        int queries = tile.index() * dim * LANES;
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

    /** Adds the weighted values of the tile's keys to its decayed output. */
    private void accumulate(Tile tile, boolean everyPair) {
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
                    tile.outStart() + i * LANES,
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

    private boolean valuesAreFinite(int keys) {
        if (blockValues == BlockValues.UNKNOWN) {
            boolean finite = Vectors.allFinite(scratch.values, keys * paddedDimV);
            blockValues = finite ? BlockValues.FINITE : BlockValues.NOT_FINITE;
        }
        return blockValues == BlockValues.FINITE;
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
