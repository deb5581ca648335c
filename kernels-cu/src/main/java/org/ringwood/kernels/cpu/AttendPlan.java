package org.ringwood.kernels.cpu;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.RowSlices;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * How a call is cut into tasks. Where groups of queries are many, each is a task. Where they are few, as in decoding, the blocks
 * of keys that each admits are split into runs of about the same number over all groups, so that every core has an equal share
 * whatever the lengths and heads are, and the parts are merged (Stream-K of LeanAttention, arXiv 2405.10480, with a fixed
 * number of shares). Few queries of all key heads are one group if the keys of a token lie side by side. The cut depends on the call alone,
 * so that results don't depend on the number of threads.
 */
final class AttendPlan {
    /** Below this number of groups their keys are split, so that some dozens of cores have work. */
    static final int ENOUGH_TASKS = 64;

    /** Shares of a call whose groups have many queries. Each leaves a state of its group, so they should not be too many. */
    private static final int SHARES_OF_LANES = 64;

    /** Shares of a call whose groups have few queries: the states are small. */
    private static final int SHARES_OF_ROWS = 512;

    /** The same for groups of several key heads, with a state for each. */
    private static final int SHARES_OF_NEIGHBOURS = 256;

    /** Fewest blocks of a key head worth a task. */
    private static final int FEWEST_BLOCKS = 8;

    /** The same for each of several key heads. */
    private static final int FEWEST_BLOCKS_OF_NEIGHBOURS = 4;

    private final SliceIndex slices;
    private final QueryGroups groups;

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
        poll.run();
        List<Slice> lowered = RowSlices.lower(call.slices(), call.queryPositions(), call.keyPositions(), poll);
        slices = new SliceIndex(lowered, poll);
        QueryGroups chosen = QueryGroups.ofNeighbours(call);
        List<BlockedKeys> keys = blockedKeys(chosen, poll);
        if (chosen.haveNeighbours() && !(isFew(chosen) && keys.stream().allMatch(AttendPlan::areRows))) {
            chosen = QueryGroups.ofSingleHeads(call);
            keys = blockedKeys(chosen, poll);
        }
        groups = chosen;
        splitKeys(keys, poll);
    }

    private static boolean isFew(QueryGroups groups) {
        return groups.count() < ENOUGH_TASKS;
    }

    private static boolean areRows(BlockedKeys keys) {
        return keys.layout() == OperandLayout.Kind.ROWS;
    }

    /** The keys of every group, if the groups are few. */
    private List<BlockedKeys> blockedKeys(QueryGroups of, Runnable poll) {
        List<BlockedKeys> keys = new ArrayList<>();
        for (int i = 0; isFew(of) && i < of.count(); i++) {
            poll.run();
            QueryGroup group = of.get(i);
            keys.add(BlockedKeys.of(group, group.admitted(slices, 0, Long.MAX_VALUE)));
        }
        return keys;
    }

    private void splitKeys(List<BlockedKeys> keys, Runnable poll) {
        long blocks = keys.stream().mapToLong(BlockedKeys::countOfHeads).sum();
        for (BlockedKeys of : keys) {
            poll.run();
            int heads = of.queries().keyHeads();
            long fewest = heads > 1 ? (long) heads * FEWEST_BLOCKS_OF_NEIGHBOURS : FEWEST_BLOCKS;
            long share = Math.max(fewest, Math.ceilDiv(blocks, shares(of)));
            int parts = Math.toIntExact(Math.ceilDiv(of.countOfHeads(), share));
            int first = spans.size();
            spans.addAll(of.split(parts));
            if (parts > 1) {
                splitGroups.add(new SplitGroup(of.queries(), first, spans.size()));
            }
        }
    }

    private static int shares(BlockedKeys keys) {
        if (!areRows(keys)) {
            return SHARES_OF_LANES;
        }
        return keys.queries().keyHeads() > 1 ? SHARES_OF_NEIGHBOURS : SHARES_OF_ROWS;
    }

    int tasks() {
        return isFew(groups) ? spans.size() : groups.count();
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
        if (isFew(groups)) {
            return spans.get(task);
        }
        // Later rows come first: under a causal mask they have the most keys, and small tasks end evenly.
        QueryGroup group = groups.get(groups.count() - 1 - task);
        return BlockedKeys.of(group, group.admitted(slices, 0, Long.MAX_VALUE)).whole();
    }
}
