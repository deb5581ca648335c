package org.ringwood.collectives.connect;

import java.net.InetAddress;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Rendezvous;

/**
 * A rank that is about to join a group.
 *
 * @param rank of this process
 * @param size number of ranks
 * @param job nonce of the job, the same on every rank
 * @param address of the interface that this rank listens on for other nodes, unless the options name one
 * @param rendezvous of the job
 * @param liveness of the job
 */
public record Participant(
        int rank, int size, long job, InetAddress address, Rendezvous rendezvous, Liveness liveness) {}
