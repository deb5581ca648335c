package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.ROW;

import java.util.Arrays;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.SoftmaxState;

/**
 * Attention of one group of queries to some keys by the online softmax of FlashAttention: block after block of keys is loaded
 * and attended by every tile of the group that admits some of it. What is left is one softmax record a query.
 */
final class GroupAttention {
    private final AttentionCall call;
    private final Span span;
    private final QueryGroup group;
    private final OperandLayout layout;
    private final Scratch scratch;
    private final Runnable poll;
    private final TileCut cut;

    GroupAttention(AttentionCall call, Span span, Scratch scratch, Runnable poll) {
        this.call = call;
        this.span = span;
        this.group = span.queries();
        // Rows are attended one by one, lanes all together.
        this.cut = new TileCut(group, span.layout() == OperandLayout.Kind.ROWS);
        this.scratch = scratch;
        this.poll = poll;
        scratch.reserve(call.queries().dim(), call.values().dim());
        this.layout = span.layout().over(call, group, scratch);
    }

    /** Attends the queries to all that the slices admit. */
    void attend() {
        layout.begin(call.softcap() > 0 ? call.scale() : call.scale() / Exponential.LN_2);
        scratch.dropout.begin(call.dropout(), group, call.queryPositions());
        Arrays.fill(scratch.max, Float.NEGATIVE_INFINITY);
        Arrays.fill(scratch.sum, 0);
        KeyBlocks blocks = new KeyBlocks(span.slices(), Scratch.BLOCK);
        while (blocks.next()) {
            layout.load(blocks.from(), blocks.to());
            scratch.dropout.load(call.keyPositions(), blocks.from(), blocks.to());
            for (int query = 0; query < group.size(); query += layout.tileQueries()) {
                // Not once a block: while the interpreter still runs it, a large one takes longer than callers wait.
                poll.run();
                attendTile(query, Math.min(layout.tileQueries(), group.size() - query), blocks);
            }
        }
        layout.end();
    }

    private void attendTile(int firstQuery, int queries, KeyBlocks block) {
        Tile tile = cut.tile(firstQuery, queries, block, call.softcap());
        if (tile == null) {
            return;
        }
        if (tile.masked()) {
            cut.mask(scratch.admitted);
        }
        scratch.dropout.decide(tile);
        layout.attend(tile);
    }

    /** Merges the records into the call's state. */
    void mergeIntoState() {
        forEachRecord((query, at) ->
                StateMerge.merge(call.state(), group.row(query), group.head(query), scratch.rows, at, scratch.record));
    }

    /** Writes the records to {@code into[at…]}, one after the other. */
    void storeInto(float[] into, int at) {
        int length = StateMerge.recordLength(call.values().dim());
        forEachRecord((query, from) -> System.arraycopy(scratch.rows, from, into, at + query * length, length));
    }

    /** What is done with the record of a query that is at {@code scratch.rows[at…]}. */
    private interface RecordUse {
        void use(int query, int at);
    }

    private void forEachRecord(RecordUse use) {
        for (int first = 0; first < group.size(); first += layout.tileQueries()) {
            int count = Math.min(layout.tileQueries(), group.size() - first);
            layout.outputs(first, count, scratch.rows, SoftmaxState.HEADER);
            for (int i = 0; i < count; i++) {
                float max = scratch.max[first + i];
                scratch.rows[i * ROW] = Exponential.natural(max);
                scratch.rows[i * ROW + 1] = scratch.sum[first + i] * Exponential.rebase(max);
                use.use(first + i, i * ROW);
            }
        }
    }
}
