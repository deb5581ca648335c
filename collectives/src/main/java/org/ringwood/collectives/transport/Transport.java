package org.ringwood.collectives.transport;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;

/**
 * Moves messages between the ranks of a job, point to point. Ranks are those of the whole job; groups translate theirs.
 *
 * <p>Nothing blocks: {@link #progress} does the work and is called by whoever waits. A transport belongs to one thread at a
 * time. A message whose envelope contradicts the receiver's is reported as a disagreement through the job's liveness.
 */
public interface Transport extends AutoCloseable {
    /** {@code inprocess}, {@code shm}, {@code aeron}, …. */
    String name();

    /**
     * Whether payloads may be sent from, and received into, memory of a device, which is a segment that no thread may touch. What is done to it by then the caller has
     * waited for. It may be freed when that of the host may.
     */
    default boolean takesDeviceMemory() {
        return false;
    }

    /** Whether that is so for ranks of other nodes. */
    default boolean takesDeviceMemoryAcrossNodes() {
        return takesDeviceMemory();
    }

    /** Starts to send {@code payload}, of {@code envelope.bytes()} bytes, to {@code envelope.destination()}. */
    Transfer send(Envelope envelope, MemorySegment payload);

    /** Starts to receive from {@code envelope.source()} into {@code into}. */
    Transfer receive(Envelope envelope, MemorySegment into);

    /** Starts to receive in place where memory is shared, else into memory of its own. */
    BorrowedTransfer borrow(Envelope envelope);

    /** Moves what can be moved now; returns whether anything moved. */
    boolean progress();

    /**
     * Blocks the thread for at most {@code nanos} until {@link #progress} or a transfer may have something new; may return at any
     * time before, and must when the thread is unparked. Called when there is nothing to move.
     */
    default void park(long nanos) {
        LockSupport.parkNanos(this, nanos);
    }

    /** Notes that this rank began an operation of a group; {@code name} is for errors. See {@link Inbox#operationBegan}. */
    default void operationBegan(int group, long operation, String name) {}

    /** Notes that this rank expects no further message of an operation. See {@link Inbox#operationEnded}. */
    default void operationEnded(int group, long operation) {}

    /** Memory that peers reach without a copy, or null if this transport has no such memory. */
    @Nullable
    GroupMemory allocate(long bytes);

    /**
     * Ends this rank's part after a failure, for good: {@link #progress} moves nothing any more, and what was sent is taken back unless
     * a peer reads it. What was borrowed is given back, as far as no peer reads it through this rank. To be called again while it
     * returns true.
     *
     * @return whether another thread of this process still reads memory of this rank, or the transport itself cannot let go of it yet.
     *     Ranks of other processes are not waited for: they find that what they read is not {@linkplain #isIntact intact}
     */
    boolean withdraw();

    /**
     * Whether what this rank has read in place until now was what its senders sent. No more, for good, once a rank has withdrawn whose
     * memory this one maps: it may have written there anew. Its failure is then on the way to this rank.
     */
    default boolean isIntact() {
        return true;
    }

    /**
     * Frees memory, ports and files. Messages whose send is done still reach their peers; transfers that are under way are
     * abandoned.
     */
    @Override
    void close();
}
