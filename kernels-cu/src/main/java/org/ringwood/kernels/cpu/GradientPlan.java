package org.ringwood.kernels.cpu;

import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.RowSlices;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * How gradients are cut into tasks: each has a run of the keys of one head, whose gradients are its own, and goes over all groups of queries
 * that admit some of them. The gradients of a group of queries are the sum over the tasks, which add to it in the order of their keys, so that
 * the bits depend on nothing but the call. Groups are gone over from the last to the first: under a causal mask all tasks begin with the same
 * ones, and each waits but once for the one before (as do the blocks of FlashAttention-3's deterministic backward pass).
 */
final class GradientPlan {
    /** Queries of a group: with twice as many, their rows and lanes would have no room in a second-level cache of 1 MiB. */
    static final int GROUP = 8 * Scratch.LANES;

    /** Runs of keys of all heads together: some dozens of cores have work. No more than there are bits in a {@code long}. */
    private static final int ENOUGH_TASKS = 64;

    /** Fewest keys of a run: each adds to all gradients of the queries. */
    private static final long FEWEST_KEYS = 1024;

    private final SliceIndex slices;
    private final QueryGroups groups;
    private final int keyHeads;
    private final int runs;
    private final long runKeys;
    /** The runs of keys, a bit each, of which a group admits some. */
    private final long[] admitting;
    /** Runs of keys that have been added to the gradients of a group. */
    private final AtomicIntegerArray added;

    /**
     * Cuts a call.
     *
     * @param poll run every now and then; throws if the call is not wanted any more
     */
    GradientPlan(GradientCall call, Runnable poll) {
        poll.run();
        slices = new SliceIndex(RowSlices.lower(call.slices(), call.queryPositions(), call.keyPositions(), poll), poll);
        keyHeads = call.keys().heads();
        groups = QueryGroups.ofSingleHeads(call.queries(), keyHeads, GROUP);
        long keys = call.keys().tokens();
        long wanted = Math.min(Math.ceilDiv(ENOUGH_TASKS, keyHeads), Math.ceilDiv(keys, FEWEST_KEYS));
        runKeys = Math.max(FEWEST_KEYS, Math.ceilDiv(keys, Math.max(1, wanted)));
        runs = (int) Math.ceilDiv(keys, runKeys);
        admitting = new long[groups.count()];
        added = new AtomicIntegerArray(groups.count());
        for (int group = 0; group < admitting.length; group++) {
            poll.run();
            for (Slice slice : groups.get(group).admitted(slices, 0, keys)) {
                int first = (int) (slice.kFrom() / runKeys);
                int last = (int) ((slice.kTo() - 1) / runKeys);
                admitting[group] |= -1L >>> (Long.SIZE - 1 - last + first) << first;
            }
        }
    }

    /** Tasks; each may wait for those before it. */
    int tasks() {
        return runs * keyHeads;
    }

    /** One past the last group of a task's head. */
    int groupsTo(int task) {
        return groups.firstOf(task % keyHeads + 1);
    }

    /** The first group of a task's head. */
    int groupsFrom(int task) {
        return groups.firstOf(task % keyHeads);
    }

    QueryGroup group(int index) {
        return groups.get(index);
    }

    /** Whether a group admits some of a task's keys. */
    boolean admits(int group, int task) {
        return (admitting[group] >>> run(task) & 1) != 0;
    }

    /** What a group admits of a task's keys, sorted by first key. */
    List<Slice> slices(int group, int task) {
        long from = run(task) * runKeys;
        return groups.get(group).admitted(slices, from, from + runKeys);
    }

    private int run(int task) {
        return task / keyHeads;
    }

    /** Whether it is a task's turn to add to the gradients of a group. */
    boolean hasTurn(int group, int task) {
        long before = admitting[group] & ((1L << run(task)) - 1);
        return added.get(group) == Long.bitCount(before);
    }

    /** Gives the turn to the next task. */
    void pass(int group) {
        added.incrementAndGet(group);
    }
}
