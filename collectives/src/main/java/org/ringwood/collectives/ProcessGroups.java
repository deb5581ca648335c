package org.ringwood.collectives;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.ringwood.collectives.inprocess.InProcessTransport;
import org.ringwood.collectives.transport.Transport;

/** Makes process groups. */
public final class ProcessGroups {
    private static final int ALL_RANKS = 0;

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
        List<Transport> transports = InProcessTransport.connect(job.size(), liveness);
        return IntStream.range(0, job.size())
                .mapToObj(rank -> over(job, rank, transports.get(rank), liveness))
                .toList();
    }

    /**
     * The group of all ranks of a job, as seen from one of them.
     *
     * @param rank the rank that this is
     * @param transport reaches all other ranks; closed with the group
     * @param liveness of the job; closed with the group, after the transport
     */
    public static ProcessGroup over(Job job, int rank, Transport transport, Liveness liveness) {
        Member member = new Member(job, rank, transport, liveness);
        member.usedGroupsBelow(ALL_RANKS + 1);
        int[] all = IntStream.range(0, job.size()).toArray();
        return new TransportGroup(member, null, ALL_RANKS, all, rank);
    }
}
