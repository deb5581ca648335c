package org.ringwood.kernels.cpu;

import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Tensor;

/** All queries of a call in groups: those of all key heads, or of one key head after the other. */
final class QueryGroups {
    /** Bytes of a group's queries and outputs that leave room for a block of keys and values in a second-level cache of 1 MiB. */
    private static final int GROUP_BYTES = 512 << 10;

    /** Smallest group that keys are read for; with fewer groups than enough, keys are split. */
    private static final int SMALLEST_GROUP = 8 * Scratch.LANES;

    /** Bytes of the keys of a token, above which a panel of all heads has no room in a second-level cache of 1 MiB. */
    private static final int TOKEN_BYTES = 32 << 10;

    private final int queryHeads;
    private final int keyHeads;
    private final long rows;
    /** Number of runs of key heads whose queries are grouped: 1, or as many as key heads. */
    private final int runs;
    /** Queries of a group. */
    private final int groupQueries;
    /** Number of groups before each run. */
    private final int[] before;

    private QueryGroups(Tensor queries, int keyHeads, int runs, int groupQueries) {
        this.queryHeads = queries.heads();
        this.keyHeads = keyHeads;
        this.rows = queries.tokens();
        this.runs = runs;
        this.groupQueries = groupQueries;
        this.before = new int[runs + 1];
        for (int run = 0; run < runs; run++) {
            long ofRun = rows * (firstQueryHead(run + 1) - firstQueryHead(run));
            before[run + 1] = Math.addExact(before[run], Math.toIntExact(Math.ceilDiv(ofRun, groupQueries)));
        }
    }

    /** Groups of the queries of one key head each. */
    static QueryGroups ofSingleHeads(AttentionCall call) {
        return ofSingleHeads(call.queries(), call.keys().heads(), groupQueries(call));
    }

    /** Groups of so many of the queries of one key head each. */
    static QueryGroups ofSingleHeads(Tensor queries, int keyHeads, int groupQueries) {
        return new QueryGroups(queries, keyHeads, keyHeads, groupQueries);
    }

    /**
     * Groups of the queries of all key heads together, if their keys lie side by side, so that memory is read from end to end. Else of one key head
     * each: some neighbours of a token's heads are read even more slowly than one.
     */
    static QueryGroups ofNeighbours(AttentionCall call) {
        Tensor keys = call.keys();
        boolean together =
                areSideBySide(keys) && keys.tokenStride() * keys.dtype().bytes() <= TOKEN_BYTES;
        return together ? new QueryGroups(call.queries(), keys.heads(), 1, groupQueries(call)) : ofSingleHeads(call);
    }

    /** Whether all heads of a token lie before those of the next one, with gaps of less than a head. */
    static boolean areSideBySide(Tensor tensor) {
        long gap = tensor.tokenStride() - tensor.heads() * tensor.headStride();
        return gap >= 0 && gap < tensor.headStride();
    }

    /**
     * The larger a group, the less often keys and values are read; but its queries and outputs should stay in a core's cache, and there
     * should be enough groups.
     */
    private static int groupQueries(AttentionCall call) {
        long rowBytes = (long) (call.queries().dim() + call.values().dim()) * Float.BYTES;
        long queries = call.queries().tokens() * call.queries().heads();
        int size = Scratch.GROUP;
        while (size > SMALLEST_GROUP && (size * rowBytes > GROUP_BYTES || queries / size < AttendPlan.ENOUGH_TASKS)) {
            size /= 2;
        }
        return size;
    }

    private int firstKeyHead(int run) {
        return (int) ((long) run * keyHeads / runs);
    }

    /** First query head that reads a key head of run {@code run} or of a later one; the inverse of {@link AttentionCall#keyHead}. */
    private int firstQueryHead(int run) {
        return (int) Math.ceilDiv((long) firstKeyHead(run) * queryHeads, keyHeads);
    }

    /** Whether a group has the queries of several key heads. */
    boolean haveNeighbours() {
        return runs < keyHeads;
    }

    /** Number of groups. */
    int count() {
        return before[runs];
    }

    /** The first group of a run of key heads, or one past the last of all. */
    int firstOf(int run) {
        return before[run];
    }

    /** A group. */
    QueryGroup get(int index) {
        int run = 0;
        while (before[run + 1] <= index) {
            run++;
        }
        int firstHead = firstQueryHead(run);
        int heads = firstQueryHead(run + 1) - firstHead;
        long first = (long) (index - before[run]) * groupQueries;
        int size = (int) Math.min(groupQueries, rows * heads - first);
        int keyHead = firstKeyHead(run);
        return new QueryGroup(keyHead, firstKeyHead(run + 1) - keyHead, firstHead, heads, first, size);
    }
}
