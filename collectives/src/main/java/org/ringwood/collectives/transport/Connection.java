package org.ringwood.collectives.transport;

import org.ringwood.collectives.Job;

/** How a rank reaches the others of its job: once for the group of all ranks, and once more for each {@linkplain org.ringwood.collectives.ProcessGroup#duplicate duplicate}. */
@FunctionalInterface
public interface Connection {
    /**
     * Connects to the other ranks, which all call it alike.
     *
     * @param job with a nonce of its own
     * @param chapter of the job's rendezvous that belongs to this call, see {@link org.ringwood.collectives.Rendezvous#chapter}; empty for the group of all ranks
     * @return a transport of its own, for one thread
     */
    Transport connect(Job job, String chapter);
}
