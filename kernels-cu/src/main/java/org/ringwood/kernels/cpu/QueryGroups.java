package org.ringwood.kernels.cpu;

import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Tensor;

/** All queries of a call in groups, those of one run of neighbouring key heads after the other. */
final class QueryGroups {
    /** Bytes of a group's queries and outputs that leave room for a block of keys and values in a second-level cache of 1 MiB. */
    private static final int GROUP_BYTES = 512 << 10;

    /** Smallest group that keys are read for; with fewer groups than enough, keys are split. */
    private static final int SMALLEST_GROUP = 8 * Scratch.LANES;

    /** Bytes of a token that should be read together: a page, at whose end the prefetching of a processor ends. */
    private static final int NEIGHBOUR_BYTES = 4096;

    private final int queryHeads;
    private final int keyHeads;
    private final long rows;
    /** Number of runs of key heads. */
    private final int runs;
    /** Queries of a group. */
    private final int groupQueries;
    /** Number of groups before each run. */
    private final int[] before;

    private QueryGroups(AttentionCall call, int runs) {
        this.queryHeads = call.queries().heads();
        this.keyHeads = call.keys().heads();
        this.rows = call.queries().tokens();
        this.runs = runs;
        this.groupQueries = groupQueries(call);
        this.before = new int[runs + 1];
        for (int run = 0; run < runs; run++) {
            long queries = rows * (firstQueryHead(run + 1) - firstQueryHead(run));
            before[run + 1] = Math.addExact(before[run], Math.toIntExact(Math.ceilDiv(queries, groupQueries)));
        }
    }

    /** Groups of the queries of one key head each. */
    static QueryGroups ofSingleHeads(AttentionCall call) {
        return new QueryGroups(call, call.keys().heads());
    }

    /**
     * Groups of the queries of as many key heads as should be read together: several if the heads of a token lie side by side, so that the rows
     * of a single one are pieces of pages.
     */
    static QueryGroups ofNeighbours(AttentionCall call) {
        Tensor keys = call.keys();
        if (!tokensFirst(keys)) {
            return ofSingleHeads(call);
        }
        long headBytes = Math.max(1, keys.headStride() * keys.dtype().bytes());
        int together = Math.clamp(Math.ceilDiv(NEIGHBOUR_BYTES, headBytes), 1, keys.heads());
        return new QueryGroups(call, Math.ceilDiv(keys.heads(), together));
    }

    /** Whether a tensor has all heads of a token before those of the next one. */
    static boolean tokensFirst(Tensor tensor) {
        return tensor.heads() * tensor.headStride() <= tensor.tokenStride();
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
