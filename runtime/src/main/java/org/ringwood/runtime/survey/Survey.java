package org.ringwood.runtime.survey;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.connect.Nodes;
import org.ringwood.collectives.connect.Participant;
import org.ringwood.runtime.cluster.ClusterSettings;
import org.ringwood.runtime.cluster.HazelcastCoordination;
import org.ringwood.runtime.cluster.Member;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;
import org.ringwood.runtime.process.Hosts;
import org.ringwood.runtime.report.JsonFormat;
import org.ringwood.runtime.worker.Classification;
import org.ringwood.runtime.worker.ListenAddress;
import org.ringwood.runtime.worker.Nonce;
import org.ringwood.runtime.worker.Seat;

/** One rank's part in a survey: it meets the others as in a job, tells what it sees of its host, and rank 0 shows all. */
public final class Survey {
    private static final Duration SILENCE = Duration.ofSeconds(30);

    private final Seat seat;
    private final Duration join;
    private final Member me;

    private Survey(Seat seat, Duration join) {
        this.seat = seat;
        this.join = join;
        this.me = new Member(seat.rank(), Hosts.name(), ProcessHandle.current().pid());
    }

    /**
     * Takes part.
     *
     * @param join how long the ranks may take to come together
     * @param vectors of this host's CPU
     * @param missing what does not work on this host
     * @param out shows the hosts, or on standard error why there is nothing to show
     * @return done, also if hosts differ; else what kept the ranks from meeting
     */
    public static ExitStatus run(
            Seat seat,
            Duration join,
            String vectors,
            List<String> missing,
            Consumer<String> out,
            Consumer<String> err) {
        Survey survey = new Survey(seat, join);
        try {
            InetAddress address = ListenAddress.of(Optional.empty(), seat);
            survey.meet(address, HostFacts.own(address, vectors, missing), out);
            return ExitStatus.DONE;
        } catch (RuntimeException thrown) {
            JobFailure failure = Classification.of(thrown, survey.me);
            err.accept(failure.sentence());
            return failure.status();
        }
    }

    private void meet(InetAddress address, HostFacts facts, Consumer<String> out) {
        ClusterSettings settings = new ClusterSettings(
                me,
                seat.size(),
                address.getHostAddress(),
                seat.rank() == 0 ? seat.meeting().port() : 0,
                seat.meeting(),
                seat.token(),
                new Timeouts(join, SILENCE, join, Optional.empty()));
        try (HazelcastCoordination coordination = HazelcastCoordination.join(settings, first -> {})) {
            Rendezvous rendezvous = coordination.rendezvous();
            rendezvous.publish(Rendezvous.key("facts", seat.rank()), JsonFormat.text(facts));
            Topology topology = Nodes.meet(
                    new Participant(
                            seat.rank(),
                            seat.size(),
                            Nonce.of(seat.token()).value(),
                            address,
                            rendezvous,
                            coordination.liveness()),
                    join);
            Clocks clocks = new Clocks(rendezvous, join);
            if (seat.rank() == 0) {
                out.accept(new HostTable(hosts(rendezvous, topology, clocks)).toString());
            } else if (isFirstOfItsNode(topology)) {
                clocks.compareWithRank0(seat.rank());
            }
            coordination.conclude();
        }
    }

    private boolean isFirstOfItsNode(Topology topology) {
        return topology.ranksByNode().stream().anyMatch(ranks -> ranks.getFirst() == seat.rank());
    }

    private List<HostTable.Host> hosts(Rendezvous rendezvous, Topology topology, Clocks clocks) {
        List<HostFacts> facts = IntStream.range(0, seat.size())
                .mapToObj(
                        rank -> JsonFormat.read(HostFacts.class, rendezvous.await(Rendezvous.key("facts", rank), join)))
                .toList();
        List<HostTable.Host> hosts = new ArrayList<>();
        for (List<Integer> ranks : topology.ranksByNode()) {
            int first = ranks.getFirst();
            hosts.add(new HostTable.Host(
                    topology.nodes().get(first),
                    ranks,
                    ranks.stream().map(facts::get).toList(),
                    first == 0 ? Clocks.Reading.NONE : clocks.askedBy(first)));
        }
        return hosts;
    }
}
