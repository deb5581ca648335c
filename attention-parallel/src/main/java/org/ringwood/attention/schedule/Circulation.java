package org.ringwood.attention.schedule;

import java.util.List;
import org.ringwood.attention.Ranges;

/** How keys and values get from the group that owns them to the groups whose queries attend them. */
interface Circulation {
    /**
     * One block of keys and values under way between two groups.
     *
     * @param hop sequential network step, from 0
     * @param source group that owns the rows
     * @param from sending group
     * @param to receiving group
     * @param rows which of the source's rows, never empty
     */
    record Move(int hop, int source, int from, int to, Ranges rows) {}

    /** What a group sends, by hop. */
    List<Move> sends(int group);

    /** What a group receives, by hop; a group attends in this order. */
    List<Move> receives(int group);

    /** Network steps, at most. */
    int hops();

    /** Blocks that a group holds at a time, besides its own. */
    int blocks();

    /**
     * Whether the ranks at place {@code member} may read the move where it lies: as one range, in memory of their node that does
     * not change until the operation ends.
     */
    boolean inPlace(Move move, int member);
}
