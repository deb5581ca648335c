package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ranks that work together, seen from one of them. Every rank calls the same operations in the same order; operations are
 * numbered, and a message of another operation, shape or epoch than the one expected fails with the names of both ranks.
 *
 * <p>A group belongs to one thread at a time. Every call that waits ends as {@link #await} says. After one that threw, others may
 * still read the memory that it was given, until this rank has called {@link #withdraw}.
 */
public interface ProcessGroup extends AutoCloseable {
    /** This rank, from 0. */
    int rank();

    /** Number of ranks. */
    int size();

    /** Which ranks share a node. */
    Topology topology();

    /** What this rank has sent within this group and the groups split from it. */
    TrafficLedger ledger();

    /**
     * Whether the transport sends memory of this rank's device, and receives into it, as it does with that of the host: segments that no thread may touch, and
     * whose addresses the device knows. Each rank uses either then, whatever its peers do. Of collective operations only {@link
     * #allReduce(MemorySegment, MemorySegment, long, long, Reducer)} takes such memory, too; borrowing uses memory of the host.
     */
    boolean takesDeviceMemory();

    /**
     * Links the devices of ranks that share a node, if each of them reaches the others': then messages take memory of devices until the link is closed, even where the
     * transport carries memory of the host alone. A message is from device to device, out of memory of the link, or from host to host. A collective operation; where there is a link already
     * the call joins it.
     *
     * @param device of this rank, null if it has none; then no rank of its node is linked
     * @return the link, or why messages of this rank go by way of the host, or by a transport that takes memory of devices itself
     */
    Linking link(@Nullable MessageDevice device);

    /**
     * Memory that peers can read in place where the transport shares memory; ordinary native memory elsewhere. Sending from
     * other memory works as well, through a copy.
     *
     * @param bytes size, 0 or more; the memory is zeroed and aligned to 64 bytes
     * @throws MemoryExhaustedException if there is not so much; the message says what was asked and what is free
     */
    GroupMemory allocate(long bytes);

    /**
     * Begins the next operation of this group. Point-to-point messages belong to an operation, so every rank begins it, also
     * one that has nothing to send.
     *
     * @param name what is done, for errors and the ledger, such as {@code ring forward}
     */
    Operation begin(String name);

    /**
     * Waits until {@code wait} is done, driving the transports meanwhile. All waiting of the library happens here, so all of it ends:
     * by completion, by a failure recorded for any rank, by no progress of any rank for the stall timeout, or at the
     * deadline of the job.
     *
     * @throws GroupFailureException naming the first cause
     */
    void await(Wait wait);

    /**
     * Lets the thread that is in {@link #await}, if any, look again at once. For any thread that ends what is waited for, such as a
     * kernel; without it the wait notices within a fraction of a millisecond.
     */
    void wake();

    /** What {@link #await} waits for; called from the waiting thread. */
    interface Wait {
        /** Advances what can be advanced and tells whether all is done. */
        boolean done();

        /** Whether this rank computes at the moment; a computing rank is not stalled. */
        default boolean computing() {
            return false;
        }

        /** What is waited for, for errors: schedule, step, peer. */
        String describe();
    }

    /** Ranks of one colour form a group, ordered by key and then by rank. A collective operation. */
    ProcessGroup split(int colour, int key);

    /**
     * Another group of the same ranks, in the manner of {@code MPI_Comm_dup}, for another thread of each: its messages go by a transport of its own, so those of
     * both groups are under way at once. A collective operation, of the group of all ranks. Closing one group leaves the other open. They are one job: a
     * rank that fails in one ends both. The ledger begins anew, and devices are to be linked anew.
     *
     * @throws IllegalStateException if this group is split from another: duplicate that of all ranks, and split the duplicate alike
     * @throws IllegalArgumentException if messages need ports and these are fixed; this group has failed then
     * @throws GroupFailureException if a rank does not come, as with every operation, or cannot connect within {@code timeouts.join}
     */
    ProcessGroup duplicate();

    /**
     * Reduces the elements of all ranks, in rank order unless the reducer {@linkplain Reducer#commutes commutes}, and leaves the same
     * bits on every rank. {@link AllReducePlan} tells the cost.
     *
     * @param elements this rank's contribution, replaced by the result; as many bytes on every rank
     * @param elementBytes size of the smallest unit the reducer understands
     */
    void allReduce(MemorySegment elements, long elementBytes, Reducer reducer);

    /**
     * As {@link #allReduce(MemorySegment, long, Reducer)}, which keeps memory for the purpose, but in memory of the caller's, and among
     * ranks that must agree on more than the elements' size.
     *
     * @param scratch as large as the elements and overwritten; empty on a rank that does not reduce, see {@link AllReducePlan#reduces}
     * @param digest of what the elements stand for; compared between the ranks, see {@link Digest}
     */
    void allReduce(MemorySegment elements, MemorySegment scratch, long elementBytes, long digest, Reducer reducer);

    /**
     * Every rank's part, in rank order, on every rank; parts may differ in size. A part crosses to each other node once and is passed on
     * there, in a second hop if nodes have several ranks.
     */
    void allGather(MemorySegment mine, List<MemorySegment> all);

    /** Sends {@code send.get(r)} to rank r and receives {@code receive.get(r)} from it; parts may differ in size, also be empty. */
    void allToAll(List<MemorySegment> send, List<MemorySegment> receive);

    /** Replaces {@code elements} by the reduction of all lower ranks' elements; rank 0's become {@code identity}. */
    void exclusiveScan(MemorySegment elements, MemorySegment identity, long elementBytes, Reducer reducer);

    /** Copies the root's {@code payload} to every rank's. */
    void broadcast(MemorySegment payload, int root);

    /** Returns once every rank has called it. */
    void barrier();

    /** The failure record of this group: tells a failure of this rank, or one that was learnt from elsewhere. */
    Liveness liveness();

    /**
     * Tells all ranks that this one cannot go on, so that none waits for it; without effect if a failure is known. Collective
     * operations that throw have done so already, unless they refused their arguments.
     */
    void fail(Throwable reason);

    /**
     * Ends this rank's part in a group that has failed, so that its memory is free; without effect while all is well. What it sent is
     * taken back, what it receives is written no more, what it borrowed is given back: its kernels must have ended. Returns once no
     * rank of this process reads memory of this one, for which the others must withdraw or give back what they read; after
     * {@code timeouts.peer} it returns anyway. Ranks of other processes have mappings of shared memory of their own: it may be
     * freed or written at once, since a rank that reads it in place sees afterwards that this one has withdrawn, sends nothing on that
     * came of it, and ends with the failure, not with success.
     */
    void withdraw();

    /**
     * Leaves in order, and frees memory, ports and files if this is the group of all ranks. To leave in the middle of an operation is
     * a failure, which the other ranks learn.
     */
    @Override
    void close();
}
