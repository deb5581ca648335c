package org.ringwood.collectives.aeron;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.stream.IntStream;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Rendezvous;

/**
 * Which rank a transport is for, and where.
 *
 * @param job what all ranks know alike; its timeouts say how long ranks may take to find each other
 * @param rank the rank that this is
 * @param listening address of the interface that all sockets bind to, no wildcard, and the port to which peers send, 0 for any
 *     free one
 * @param media what carries the frames
 * @param rendezvous in which ranks publish their ports, and the first rank of a node its driver's directory
 * @param tuning sizes and limits
 */
public record AeronConfig(
        Job job, int rank, InetSocketAddress listening, Media media, Rendezvous rendezvous, AeronTuning tuning) {
    /** @throws IllegalArgumentException if the address is a wildcard or a multicast address */
    public AeronConfig {
        Objects.checkIndex(rank, job.size());
        InetAddress address = listening.getAddress();
        if (address.isAnyLocalAddress() || address.isMulticastAddress()) {
            throw new IllegalArgumentException(
                    "Aeron cannot listen on %s: name the address of one interface".formatted(address.getHostAddress()));
        }
    }

    /** Of the interface. */
    InetAddress address() {
        return listening.getAddress();
    }

    boolean isLocal(int peer) {
        return job.topology().sameNode(rank, peer);
    }

    boolean usesIpc(int peer) {
        return media == Media.AUTO && isLocal(peer);
    }

    /** The rank whose process hosts the media driver of this rank's node. */
    int driverHost() {
        return IntStream.range(0, job.size()).filter(this::isLocal).findFirst().orElseThrow();
    }

    boolean hostsDriver() {
        return driverHost() == rank;
    }

    /** The peers of this rank. */
    IntStream peers() {
        return IntStream.range(0, job.size()).filter(peer -> peer != rank);
    }
}
