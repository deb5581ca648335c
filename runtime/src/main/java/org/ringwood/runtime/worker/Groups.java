package org.ringwood.runtime.worker;

import java.net.InetAddress;
import java.util.function.Function;
import org.ringwood.collectives.GroupOptions;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TransportChoice;
import org.ringwood.collectives.connect.Connector;
import org.ringwood.collectives.connect.Nodes;
import org.ringwood.collectives.connect.Participant;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;

/**
 * Connects a worker process to the others: once for a job, several times in turn where several transports are measured. Every rank
 * makes the same calls in the same order. A message of one group is none of the next, as each has a nonce of its own.
 */
final class Groups {
    private final Seat seat;
    private final Job job;
    private final Coordination coordination;
    private final InetAddress address;
    private int meetings;

    /**
     * @param job says where ranks listen and how long they wait
     * @param address that this rank listens on
     */
    Groups(Seat seat, Job job, Coordination coordination, InetAddress address) {
        this.seat = seat;
        this.job = job;
        this.coordination = coordination;
        this.address = address;
    }

    /** Which ranks share a node. */
    Topology topology() {
        return Nodes.meet(next(), job.timeouts().join());
    }

    /**
     * Connects all ranks over a transport, does something, and leaves their group. If this rank cannot do it, all learn why before it
     * leaves.
     */
    <T> T during(Job.Transport transport, Function<ProcessGroup, T> something) {
        try (ProcessGroup group = connect(transport)) {
            return telling(group, something);
        }
    }

    private <T> T telling(ProcessGroup group, Function<ProcessGroup, T> something) {
        try {
            return something.apply(group);
        } catch (RuntimeException | Error thrown) {
            End.stopped(coordination, thrown);
            throw thrown;
        }
    }

    private ProcessGroup connect(Job.Transport transport) {
        GroupOptions options = new GroupOptions(
                choice(transport), job.network().interfaceName(), job.network().ports(), Deadline.ofGroups(job));
        return Connector.connect(next(), options);
    }

    private Participant next() {
        int meeting = meetings++;
        return new Participant(
                seat.rank(),
                seat.size(),
                Nonce.of(seat.token()).value() + meeting,
                address,
                coordination.rendezvous().chapter("meeting-" + meeting + "/"),
                coordination.liveness());
    }

    private static TransportChoice choice(Job.Transport transport) {
        return switch (transport) {
            case AUTO -> TransportChoice.AUTO;
            case SHM -> TransportChoice.SHM;
            case AERON -> TransportChoice.AERON;
            case INPROCESS ->
                throw new InputException(
                        "transport: inprocess is for ranks that are threads, but this job's are processes: take auto, shm or aeron");
            case MPI -> TransportChoice.MPI;
            case SHM_MPI -> TransportChoice.SHM_MPI;
        };
    }
}
