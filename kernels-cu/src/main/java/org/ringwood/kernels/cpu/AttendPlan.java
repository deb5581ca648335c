package org.ringwood.kernels.cpu;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.RowSlices;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * How a call is cut into tasks. Where groups of queries are many, each is a task. Where they are few, as in decoding, the blocks
 * of keys that each admits are split into runs of about the same number over all groups, so that every core has an equal share
 * whatever the lengths and heads are, and the parts are merged (Stream-K of LeanAttention, arXiv 2405.10480, with a fixed
 * number of shares). The cut depends on the call alone, so that results don't depend on the number of threads.
 */
final class AttendPlan {
    /** Below this number of groups their keys are split, so that some dozens of cores have work. */
    private static final int ENOUGH_TASKS = 64;

    /** Bytes of a group's queries and outputs that leave room for a block of keys and values in a second-level cache of 1 MiB. */
    private static final int GROUP_BYTES = 512 << 10;

    /** Smallest group that keys are read for; with fewer groups than enough, keys are split. */
    private static final int SMALLEST_GROUP = 8 * Scratch.LANES;

    /** Shares of a call whose groups have many queries. Each leaves a state of its group, so they should not be too many. */
    private static final int SHARES_OF_LANES = 64;

    /** Shares of a call whose groups have few queries: the states are small. */
    private static final int SHARES_OF_ROWS = 512;

    /** Fewest blocks worth a task. */
    private static final int FEWEST_BLOCKS = 8;

    private final int queryHeads;
    private final int keyHeads;
    private final long rows;
    private final SliceIndex slices;
    /** Queries of a group. */
    private final int groupQueries;
    /** Number of groups before each key head. */
    private final int[] groupsBefore;

    /** The tasks if the keys are split, in the order of groups and keys; else empty. */
    private final List<Span> spans = new ArrayList<>();

    private final List<SplitGroup> splitGroups = new ArrayList<>();

    /**
     * A group whose keys are split.
     *
     * @param queries the group
     * @param firstSpan its first task
     * @param endSpan one past its last task
     */
    record SplitGroup(QueryGroup queries, int firstSpan, int endSpan) {}

    /**
     * Cuts a call.
     *
     * @param poll run every now and then; throws if the call is not wanted any more
     */
    AttendPlan(AttentionCall call, Runnable poll) {
        queryHeads = call.queries().heads();
        keyHeads = call.keys().heads();
        rows = call.queries().tokens();
        poll.run();
        List<Slice> lowered = RowSlices.lower(call.slices(), call.queryPositions(), call.keyPositions(), poll);
        slices = new SliceIndex(lowered, poll);
        groupQueries = groupQueries(call);
        groupsBefore = new int[keyHeads + 1];
        for (int head = 0; head < keyHeads; head++) {
            long queries = rows * (firstQueryHead(head + 1) - firstQueryHead(head));
            groupsBefore[head + 1] =
                    Math.addExact(groupsBefore[head], Math.toIntExact(Math.ceilDiv(queries, groupQueries)));
        }
        if (groups() < ENOUGH_TASKS) {
            splitKeys(poll);
        }
    }

    /**
     * The larger a group, the less often keys and values are read; but its queries and outputs should stay in a core's cache, and there
     * should be enough groups.
     */
    private static int groupQueries(AttentionCall call) {
        long rowBytes = (long) (call.queries().dim() + call.values().dim()) * Float.BYTES;
        long queries = call.queries().tokens() * call.queries().heads();
        int size = Scratch.GROUP;
        while (size > SMALLEST_GROUP && (size * rowBytes > GROUP_BYTES || queries / size < ENOUGH_TASKS)) {
            size /= 2;
        }
        return size;
    }

    /** First query head that reads key head {@code keyHead} or a later one; the inverse of {@link AttentionCall#keyHead}. */
    private int firstQueryHead(int keyHead) {
        return (int) Math.ceilDiv((long) keyHead * queryHeads, keyHeads);
    }

    private int groups() {
        return groupsBefore[keyHeads];
    }

    private void splitKeys(Runnable poll) {
        List<QueryGroup> groups = new ArrayList<>();
        List<BlockedKeys> keys = new ArrayList<>();
        long blocks = 0;
        for (int i = 0; i < groups(); i++) {
            poll.run();
            QueryGroup group = group(i);
            groups.add(group);
            keys.add(BlockedKeys.of(group, slices(group)));
            blocks += keys.getLast().count();
        }
        for (int i = 0; i < groups(); i++) {
            poll.run();
            int shares = keys.get(i).layout() == OperandLayout.Kind.ROWS ? SHARES_OF_ROWS : SHARES_OF_LANES;
            long share = Math.max(FEWEST_BLOCKS, Math.ceilDiv(blocks, shares));
            int parts = Math.toIntExact(Math.ceilDiv(keys.get(i).count(), share));
            int first = spans.size();
            spans.addAll(keys.get(i).split(parts));
            if (parts > 1) {
                splitGroups.add(new SplitGroup(groups.get(i), first, spans.size()));
            }
        }
    }

    int tasks() {
        return groups() < ENOUGH_TASKS ? spans.size() : groups();
    }

    /** The groups that are done in parts, whose states are to be merged. */
    List<SplitGroup> splitGroups() {
        return splitGroups;
    }

    /** The tasks if there are split groups. */
    List<Span> spans() {
        return spans;
    }

    /** A task. */
    Span span(int task) {
        if (groups() < ENOUGH_TASKS) {
            return spans.get(task);
        }
        // Later rows come first: under a causal mask they have the most keys, and small tasks end evenly.
        QueryGroup group = group(groups() - 1 - task);
        return BlockedKeys.of(group, slices(group)).whole();
    }

    private QueryGroup group(int index) {
        int keyHead = 0;
        while (groupsBefore[keyHead + 1] <= index) {
            keyHead++;
        }
        int firstHead = firstQueryHead(keyHead);
        int heads = firstQueryHead(keyHead + 1) - firstHead;
        long first = (long) (index - groupsBefore[keyHead]) * groupQueries;
        int size = (int) Math.min(groupQueries, rows * heads - first);
        return new QueryGroup(keyHead, firstHead, heads, first, size);
    }

    /** What a group admits, sorted by first key. */
    private List<Slice> slices(QueryGroup group) {
        long rowFrom = group.row(0);
        long rowTo = group.rowEnd(0, group.size());
        List<Slice> admitted = new ArrayList<>();
        slices.forEach(rowFrom, rowTo, slice -> {
            Slice clipped = slice.clip(rowFrom, rowTo, slice.kFrom(), slice.kTo());
            if (!clipped.isEmpty()) {
                admitted.add(clipped);
            }
        });
        admitted.sort(Comparator.comparingLong(Slice::kFrom));
        return admitted;
    }
}
