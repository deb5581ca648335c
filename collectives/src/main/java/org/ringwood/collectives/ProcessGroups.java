package org.ringwood.collectives;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.ringwood.collectives.connect.Meeting;
import org.ringwood.collectives.environment.ParallelEnvironment;
import org.ringwood.collectives.inprocess.InProcessTransport;
import org.ringwood.collectives.transport.Connection;

/** Makes process groups. */
public final class ProcessGroups {
    private ProcessGroups() {}

    /** Groups of ranks that are threads of this JVM, on one node, with default timeouts; see {@link #inProcess(Topology, Timeouts)}. */
    public static List<ProcessGroup> inProcess(int size) {
        return inProcess(Topology.singleNode(size), Timeouts.DEFAULT);
    }

    /**
     * Groups of ranks that are threads of this JVM, in rank order. Each is for one thread. A thread that cannot go on tells it by
     * {@link ProcessGroup#fail}, or by closing its group; else the others wait for it until the stall timeout.
     *
     * @param topology which ranks are to count as sharing a node
     */
    public static List<ProcessGroup> inProcess(Topology topology, Timeouts timeouts) {
        Job job = new Job(ThreadLocalRandom.current().nextLong(), 0, topology, timeouts);
        Liveness liveness = Liveness.local();
        List<Connection> connections = InProcessTransport.connections(job.size(), liveness);
        return IntStream.range(0, job.size())
                .mapToObj(rank -> over(job, rank, connections.get(rank), liveness))
                .toList();
    }

    /** As {@link #connect(int, List, String, GroupOptions)}, with default options. */
    public static ProcessGroup connect(int rank, List<InetSocketAddress> endpoints, String token) {
        return connect(rank, endpoints, token, GroupOptions.DEFAULT);
    }

    /**
     * Joins the group of processes that are at these endpoints, and waits until all have. Rank 0 listens at its endpoint and nowhere else;
     * other ranks' data ports are found by themselves, so their endpoints may have port 0.
     *
     * @param rank of this process
     * @param endpoints address of every rank, in rank order, the same list everywhere
     * @param token secret that all ranks share and nobody else knows; it does not travel
     * @throws GroupFailureException if a rank is missing after {@code timeouts.join}, or this one is refused
     * @throws java.io.UncheckedIOException if rank 0 cannot listen at its endpoint
     * @throws IllegalArgumentException if the transport does not reach all ranks, or there is no such interface
     */
    public static ProcessGroup connect(
            int rank, List<InetSocketAddress> endpoints, String token, GroupOptions options) {
        return new Meeting(endpoints.getFirst(), endpoints.size(), token).join(rank, options);
    }

    /** As {@link #fromEnvironment(GroupOptions)}, with default options. */
    public static ProcessGroup fromEnvironment() {
        return fromEnvironment(GroupOptions.DEFAULT);
    }

    /**
     * Joins the group of the processes that torchrun, Slurm, Open MPI or {@code ringwood exec} started with this one; see
     * {@link ParallelEnvironment} for the variables. Where others use the network, set {@code RINGWOOD_TOKEN} to a secret.
     *
     * @throws IllegalArgumentException if variables are missing or contradict each other; for the rest, see
     *     {@link #connect(int, List, String, GroupOptions)}
     */
    public static ProcessGroup fromEnvironment(GroupOptions options) {
        ParallelEnvironment environment = ParallelEnvironment.current();
        return Meeting.of(environment).join(environment.rank(), options);
    }

    /**
     * The group of all ranks of a job, as seen from one of them.
     *
     * @param rank the rank that this is
     * @param connection to all other ranks; what it gives is closed with the group
     * @param liveness of the job; closed with the last of the group and its duplicates, after the transport
     */
    public static ProcessGroup over(Job job, int rank, Connection connection, Liveness liveness) {
        return TransportGroup.ofAll(new Member(job, rank, connection, liveness));
    }
}
