package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;

/**
 * The few calls of MPI that the transport needs. What may block is called on a thread that may be given up: {@link #initialize},
 * {@link #connect} and {@link #end}. Errors of MPI are {@link MpiException}s.
 */
interface MpiLibrary {
    /** A source that stands for all. */
    int ANY = -1;

    /** Levels of thread support, as MPI numbers them. */
    int SERIALIZED = 2;

    int MULTIPLE = 3;

    /** How this calls MPI, for people. */
    String binding();

    /** What the library says of itself, in one line. */
    String version();

    boolean isInitialized();

    /** Initialises MPI; once a process. */
    void initialize(int threadLevel);

    /** The thread support that was granted. */
    int threadLevel();

    /** Rank of this process among all that its launcher started. */
    int rank();

    /** Number of processes that the launcher started. */
    int size();

    /**
     * A communicator of some processes, in which each has the rank of its place in the list. All of them call it.
     *
     * @param ranks among all that the launcher started
     * @param tag the same in all calls for this communicator
     */
    Communicator connect(int[] ranks, int tag);

    /** Finalises MPI; waits for all processes of the launcher. */
    void end();

    /** Carries messages; they do not mix with those of other communicators. For one thread at a time. */
    interface Communicator {
        /** Starts to send native memory of less than 2³¹ bytes. */
        Request send(MemorySegment bytes, int to, int tag);

        /** Starts to receive into native memory of less than 2³¹ bytes, from a rank or from {@link #ANY}. */
        Request receive(MemorySegment into, int from, int tag);

        /** Gives it back, once nothing is under way. */
        void free();
    }

    /** Something that was started. */
    interface Request {
        /** Drives MPI; returns whether this is complete. Not to be asked again then. */
        boolean isDone();

        /** Gives up a receive, which is complete then unless its message has come. */
        void cancel();
    }
}
