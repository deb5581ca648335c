package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.attention.AttentionShape;
import org.ringwood.kernels.AttentionCall;

/**
 * The heads that one of several ranks attends: query heads {@code [from, to)} and all key heads that they read, so key heads of
 * one group may be on several ranks. Shares differ by one query head at most and may be empty.
 *
 * @param from first query head
 * @param to one past the last query head
 * @param keyFrom first key head
 * @param keyTo one past the last key head
 */
record HeadShare(int from, int to, int keyFrom, int keyTo) {
    /** The share of rank {@code member} of {@code members}. */
    static HeadShare of(AttentionShape shape, int member, int members) {
        int from = (int) ((long) shape.heads() * member / members);
        int to = (int) ((long) shape.heads() * (member + 1) / members);
        return from == to ? new HeadShare(from, from, 0, 0) : reading(shape, from, to);
    }

    private static HeadShare reading(AttentionShape shape, int from, int to) {
        return new HeadShare(from, to, keyHead(shape, from), keyHead(shape, to - 1) + 1);
    }

    private static int keyHead(AttentionShape shape, int head) {
        return AttentionCall.keyHead(head, shape.heads(), shape.kvHeads());
    }

    /** Query heads. */
    int heads() {
        return to - from;
    }

    /** Key heads. */
    int keyHeads() {
        return keyTo - keyFrom;
    }

    boolean isEmpty() {
        return from == to;
    }

    /**
     * This share cut into the fewest runs in which a kernel that sees only the run's heads pairs query and key heads as the whole
     * does. Mostly one; two where a share begins or ends within a group of heads that read one key head.
     */
    List<HeadShare> runs(AttentionShape shape) {
        List<HeadShare> runs = new ArrayList<>();
        for (int start = from; start < to; start = runs.getLast().to) {
            int end = to;
            while (!reading(shape, start, end).pairsAlike(shape)) {
                end--;
            }
            runs.add(reading(shape, start, end));
        }
        return runs;
    }

    private boolean pairsAlike(AttentionShape shape) {
        for (int head = from; head < to; head++) {
            if (keyFrom + AttentionCall.keyHead(head - from, heads(), keyHeads()) != keyHead(shape, head)) {
                return false;
            }
        }
        return true;
    }
}
