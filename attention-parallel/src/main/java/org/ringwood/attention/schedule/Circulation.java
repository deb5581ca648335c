package org.ringwood.attention.schedule;

import java.util.List;
import org.ringwood.attention.Ranges;

/** How keys and values get from the group that owns them to the groups whose queries attend them. */
interface Circulation {
    /**
     * One block of keys and values under way between two groups.
     *
     * @param hop sequential network step, from 0
     * @param lane whose memory the block takes at the receiver
     * @param source group that owns the rows
     * @param from sending group
     * @param to receiving group
     * @param rows which of the source's rows, never empty
     * @param firstRange number of the first of these ranges among all that go between the two groups in the hop
     */
    record Move(int hop, Lane lane, int source, int from, int to, Ranges rows, int firstRange) {
        Move numbered(int first) {
            return new Move(hop, lane, source, from, to, rows, first);
        }
    }

    /** Blocks of one lane take turns in the same memory. */
    enum Lane {
        /** Blocks that go around within a ring, or straight to who needs them. */
        WITHIN,
        /** Blocks that go from ring to ring. */
        ONWARD
    }

    /** What a group sends; of one block, what is more urgent comes first. */
    List<Move> sends(int group);

    /** What a group receives, by hop; a group attends in this order. */
    List<Move> receives(int group);

    /** Network steps, at most. */
    int hops();

    /** Blocks of a lane that a group holds at a time, besides its own. */
    int blocks(Lane lane);

    /**
     * Whether the ranks at place {@code member} may read the move where it lies: as one range, in memory of their node that does
     * not change until the operation ends.
     */
    boolean inPlace(Move move, int member);
}
