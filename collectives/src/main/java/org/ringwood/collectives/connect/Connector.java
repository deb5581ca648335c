package org.ringwood.collectives.connect;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.GroupOptions;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.MemoryExhaustedException;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.aeron.AeronConfig;
import org.ringwood.collectives.aeron.AeronTransport;
import org.ringwood.collectives.aeron.AeronTuning;
import org.ringwood.collectives.aeron.Media;
import org.ringwood.collectives.mpi.MpiConfig;
import org.ringwood.collectives.mpi.MpiTransport;
import org.ringwood.collectives.shm.ShmTransport;
import org.ringwood.collectives.transport.Connection;
import org.ringwood.collectives.transport.RoutedTransport;
import org.ringwood.collectives.transport.Transport;

/** Makes a group of ranks that are processes, wherever their rendezvous and liveness come from. */
public final class Connector {
    private static final String TRANSPORT = "transport";

    private final Participant self;
    private final GroupOptions options;
    private final InetAddress address;

    private Connector(Participant self, GroupOptions options) {
        options.ports().requireRoomFor(self.size());
        this.self = self;
        this.options = options;
        this.address = options.networkInterface().map(Interfaces::address).orElse(self.address());
    }

    /**
     * Meets the other ranks and connects the transports to them. If that fails, the other ranks learn it, and the liveness is left to
     * the caller to close.
     *
     * @throws GroupFailureException if a rank does not come within {@code timeouts.join}, or chose another transport
     * @throws IllegalArgumentException if the transport does not reach all ranks, or there is no such interface or port
     */
    public static ProcessGroup connect(Participant self, GroupOptions options) {
        try {
            return new Connector(self, options).connect();
        } catch (RuntimeException e) {
            if (!(e instanceof GroupFailureException)) {
                boolean refused = e instanceof IllegalArgumentException || e instanceof MemoryExhaustedException;
                self.liveness()
                        .report(new Failure(
                                self.rank(),
                                "?",
                                ProcessHandle.current().pid(),
                                refused ? Cause.ENVIRONMENT : Cause.ERROR,
                                "could not join the group: " + e.getMessage()));
            }
            throw e;
        }
    }

    private ProcessGroup connect() {
        Topology topology = meet();
        Job job = new Job(self.job(), 0, topology, options.timeouts());
        return ProcessGroups.over(job, self.rank(), this::transport, self.liveness());
    }

    /** All ranks publish before any waits, so that the last one to come is named whoever asks. */
    private Topology meet() {
        Rendezvous rendezvous = self.rendezvous();
        Nodes.publish(self);
        rendezvous.publish(
                Rendezvous.key(TRANSPORT, self.rank()), options.transport().name());
        Topology topology = Nodes.await(self, options.timeouts().join());
        IntStream.range(0, self.size()).forEach(this::requireSameTransport);
        return topology;
    }

    private void requireSameTransport(int rank) {
        String theirs = self.rendezvous()
                .await(Rendezvous.key(TRANSPORT, rank), options.timeouts().join());
        if (!theirs.equals(options.transport().name())) {
            String detail = "chose transport %s and rank %d chose %s; choose the same on every rank"
                    .formatted(theirs, self.rank(), options.transport());
            Failure failure = new Failure(rank, "?", 0, Cause.DISAGREEMENT, detail);
            self.liveness().report(failure);
            throw new GroupFailureException(failure, "rank %d joined the group".formatted(self.rank()));
        }
    }

    private Transport transport(Job job, String chapter) {
        List<String> nodes = job.topology().nodes().stream().distinct().toList();
        return switch (options.transport()) {
            case AERON -> aeron(job, chapter);
            case SHM -> {
                requireOneNode(nodes);
                yield shm(job, chapter);
            }
            case AUTO -> withinNodes(job, chapter, nodes, this::aeron);
            case MPI -> mpi(job, chapter);
            case SHM_MPI -> withinNodes(job, chapter, nodes, this::mpi);
        };
    }

    /** Shared memory where ranks share a node, a network where they do not. */
    private Transport withinNodes(Job job, String chapter, List<String> nodes, Connection network) {
        if (nodes.size() == 1) {
            return shm(job, chapter);
        }
        return nodes.size() == job.size() ? network.connect(job, chapter) : routed(job, chapter, network);
    }

    private static void requireOneNode(List<String> nodes) {
        if (nodes.size() > 1) {
            throw new IllegalArgumentException(
                    "transport shm reaches the ranks of one node, and these are on %s; choose auto or aeron"
                            .formatted(String.join(", ", nodes)));
        }
    }

    private Transport routed(Job job, String chapter, Connection network) {
        Transport withinNode = shm(job, chapter);
        try {
            return new RoutedTransport(job.topology(), withinNode, network.connect(job, chapter));
        } catch (RuntimeException e) {
            withinNode.close();
            throw e;
        }
    }

    private Transport shm(Job job, String chapter) {
        return ShmTransport.connect(job, self.rank(), self.rendezvous().chapter(chapter), self.liveness());
    }

    private Transport aeron(Job job, String chapter) {
        if (options.ports().isFixed() && !chapter.isEmpty()) {
            throw new IllegalArgumentException(
                    "rank %d listens on port %d, and a duplicate of its group needs another: leave it to find free ports"
                            .formatted(self.rank(), options.ports().of(self.rank())));
        }
        AeronConfig config = new AeronConfig(
                job,
                self.rank(),
                listening(),
                Media.AUTO,
                self.rendezvous().chapter(chapter),
                AeronTuning.fromProperties());
        return AeronTransport.connect(config, self.liveness());
    }

    private Transport mpi(Job job, String chapter) {
        return MpiTransport.connect(
                new MpiConfig(job, self.rank(), self.rendezvous().chapter(chapter), self.liveness()));
    }

    /** Where this rank receives datagrams. */
    private InetSocketAddress listening() {
        return new InetSocketAddress(address, options.ports().of(self.rank()));
    }
}
