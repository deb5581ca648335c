package org.ringwood.kernels.cpu;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.RowSlices;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * How a call is cut into tasks: groups of queries, and where these are few and the keys many, parts of the keys. It depends on the
 * call alone, so that results don't depend on the number of threads.
 */
final class AttendPlan {
    /** Below this number of groups the keys are split, so that some dozens of cores have work. */
    private static final int ENOUGH_TASKS = 64;

    /** Fewest keys worth a task. */
    private static final long SHORTEST_PART = 8L * Scratch.BLOCK;

    private final int queryHeads;
    private final int keyHeads;
    private final long rows;
    private final SliceIndex slices;
    /** Number of groups before each key head. */
    private final int[] groupsBefore;

    private final int parts;
    private final long partLength;

    AttendPlan(AttentionCall call) {
        queryHeads = call.queries().heads();
        keyHeads = call.keys().heads();
        rows = call.queries().tokens();
        slices = new SliceIndex(RowSlices.lower(call.slices(), call.queryPositions(), call.keyPositions()));
        groupsBefore = new int[keyHeads + 1];
        for (int head = 0; head < keyHeads; head++) {
            long queries = rows * (firstQueryHead(head + 1) - firstQueryHead(head));
            groupsBefore[head + 1] =
                    Math.addExact(groupsBefore[head], Math.toIntExact(Math.ceilDiv(queries, Scratch.GROUP)));
        }
        long keys = call.keys().tokens();
        long wanted = Math.ceilDiv(ENOUGH_TASKS, Math.max(1, groups()));
        partLength = Math.max(SHORTEST_PART, Math.ceilDiv(Math.ceilDiv(keys, wanted), Scratch.BLOCK) * Scratch.BLOCK);
        parts = (int) Math.max(1, Math.ceilDiv(keys, partLength));
    }

    /** First query head that reads key head {@code keyHead} or a later one; the inverse of {@link AttentionCall#keyHead}. */
    private int firstQueryHead(int keyHead) {
        return (int) Math.ceilDiv((long) keyHead * queryHeads, keyHeads);
    }

    private int groups() {
        return groupsBefore[keyHeads];
    }

    int tasks() {
        return Math.multiplyExact(groups(), parts);
    }

    /** Parts that the keys of every group are split into. */
    int parts() {
        return parts;
    }

    int part(int task) {
        return task % parts;
    }

    /** The queries of a task. Later rows come first: under a causal mask they have the most keys, and small tasks end evenly. */
    QueryGroup group(int task) {
        int group = groups() - 1 - task / parts;
        int keyHead = 0;
        while (groupsBefore[keyHead + 1] <= group) {
            keyHead++;
        }
        int firstHead = firstQueryHead(keyHead);
        int heads = firstQueryHead(keyHead + 1) - firstHead;
        long first = (long) (group - groupsBefore[keyHead]) * Scratch.GROUP;
        int size = (int) Math.min(Scratch.GROUP, rows * heads - first);
        return new QueryGroup(keyHead, firstHead, heads, first, size);
    }

    /** What the queries of a task admit of its part of the keys, sorted by first key. */
    List<Slice> slices(QueryGroup group, int part) {
        long rowFrom = group.row(0);
        long rowTo = group.rowEnd(0, group.size());
        List<Slice> admitted = new ArrayList<>();
        slices.forEach(rowFrom, rowTo, slice -> {
            Slice clipped = slice.clip(rowFrom, rowTo, part * partLength, (part + 1) * partLength);
            if (!clipped.isEmpty()) {
                admitted.add(clipped);
            }
        });
        admitted.sort(Comparator.comparingLong(Slice::kFrom));
        return admitted;
    }
}
