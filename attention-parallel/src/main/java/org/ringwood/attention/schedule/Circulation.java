package org.ringwood.attention.schedule;

import java.util.List;
import org.ringwood.attention.Ranges;

/**
 * How rows get from the group that owns them to the groups that need them: keys and values to the queries that attend them, or the other
 * way round. And how the gradients of these rows, which all who had them compute parts of, get back.
 */
interface Circulation {
    /**
     * One block of rows, or their gradients, under way between two groups.
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

    /** Rows of all that all groups {@linkplain #sends send}. */
    long rowsSent();

    /** Network steps, at most. */
    int hops();

    /** Blocks of a lane that a group holds at a time, besides its own. */
    int blocks(Lane lane);

    /**
     * The gradients that a group sends: what it and those before it have summed up, to one that adds its own and passes it on, or home to
     * the source. Their hops go on from those of the rows.
     */
    List<Move> returns(int group);

    /** The gradients that a group receives, by hop; a group adds them up in this order. */
    List<Move> returned(int group);

    /** Rows of all gradients that all groups {@linkplain #returns send}. */
    long rowsReturned();

    /** Network steps until all gradients are home, those of the rows included, at most. */
    int returnHops();

    /**
     * Whether the ranks at place {@code member} may read the move where it lies: as one range, in memory of their node that does
     * not change until the operation ends.
     */
    boolean inPlace(Move move, int member);
}
