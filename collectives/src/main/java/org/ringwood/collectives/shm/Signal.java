package org.ringwood.collectives.shm;

import java.lang.foreign.MemorySegment;
import org.ringwood.collectives.transport.Envelope;

/**
 * What ranks of one host tell each other. Payloads stay where they are, but for small ones.
 *
 * <p>A ticket is a number that the sender of a message gives it, and by which the receiver speaks of it.
 */
sealed interface Signal {
    /**
     * A whole message.
     *
     * @param payload valid only while the signal is handled
     */
    record Inline(Envelope envelope, MemorySegment payload) implements Signal {}

    /** A message whose payload lies at an offset of a region; to be released. */
    record Handle(Envelope envelope, long ticket, int owner, int region, long offset) implements Signal {}

    /** A message whose payload lies in the sender's own memory: it comes in pieces once it is wanted. */
    record Offer(Envelope envelope, long ticket) implements Signal {}

    /** An offered payload is wanted. */
    record Want(long ticket) implements Signal {}

    /** The next bytes of a wanted payload lie in a region of the sender, to be copied away. */
    record Piece(int sender, long ticket, int region, long offset, int length) implements Signal {}

    /** The piece at an offset of the sender's region was copied away. */
    record PieceTaken(long ticket, long offset) implements Signal {}

    /** The payload behind a handle was copied, or is not read any more. */
    record Release(long ticket) implements Signal {}

    /** There is a new region, in a file of that name. */
    record Announce(int owner, int region, String file) implements Signal {}

    /** A region of the receiver was mapped, so that its file may be unlinked. */
    record Mapped(int by, int region) implements Signal {}

    /** A region is not used any more. */
    record Free(int owner, int region) implements Signal {}

    /** The sender leaves. */
    record Goodbye(int rank) implements Signal {}
}
