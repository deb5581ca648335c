package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;

/**
 * The point-to-point messages of one numbered operation. A message is identified by (operation, source, hop, tag) and is
 * received exactly once; sender and receiver must agree on its size and digest.
 */
public interface Operation extends AutoCloseable {
    /**
     * Starts to send. Self-sends are not messages and are refused.
     *
     * @param to rank in this group
     * @param hop sequential network step that the message belongs to, from 0; the ledger counts distinct hops
     * @param tag distinguishes the messages of a hop between two ranks
     * @param payload untouched until the transfer is done
     * @param digest of shape and dtype; compared with the receiver's
     */
    Transfer send(int to, int hop, int tag, MemorySegment payload, long digest);

    /** Starts to receive into {@code into}. */
    Transfer receive(int from, int hop, int tag, MemorySegment into, long digest);

    /**
     * Starts to receive a payload that is read in place where the transport shares memory, and copied elsewhere. Until it is released
     * the sender's transfer may last; so ranks that wait for their own sends before they release what they borrowed may wait for
     * each other.
     */
    BorrowedTransfer borrow(int from, int hop, int tag, long bytes, long digest);

    /**
     * Waits for all transfers of the operation; borrowed payloads must have been released. A rank that leaves the operation because
     * of an error of its own calls {@link ProcessGroup#fail} before, else it waits here for what it left undone.
     */
    @Override
    void close();

    /** A message under way. */
    interface Transfer {
        /** Whether the payload was delivered (receive) or may be reused (send). */
        boolean isDone();
    }

    /** A received message that is read where it lies. */
    interface BorrowedTransfer extends Transfer {
        /**
         * The payload, once done. Read only. May be sent on to another rank, and is then released once that send is done.
         *
         * @throws IllegalStateException before the transfer is done or after it was released
         */
        MemorySegment payload();

        /** Gives the payload back; neither it nor a view of it may be touched any more. */
        void release();
    }
}
