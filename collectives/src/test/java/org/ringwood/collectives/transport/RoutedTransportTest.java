package org.ringwood.collectives.transport;

import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.collectives.CollectivesContract;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TransportContract;
import org.ringwood.collectives.inprocess.InProcessTransport;

/** Two nodes, each with a transport of its own, and a third transport between them. */
class RoutedTransportTest implements TransportContract, CollectivesContract {
    @Override
    public List<ProcessGroup> connect(Topology topology, Timeouts timeouts) {
        int size = topology.size();
        Topology nodes = new Topology(IntStream.range(0, size)
                .mapToObj(rank -> rank <= size / 2 ? "left" : "right")
                .toList());
        Job job = new Job(1, 0, nodes, timeouts);
        Liveness liveness = Liveness.local();
        List<Connection> within = InProcessTransport.connections(size, liveness);
        List<Connection> across = InProcessTransport.connections(size, liveness);
        return IntStream.range(0, size)
                .mapToObj(rank -> ProcessGroups.over(
                        job,
                        rank,
                        (of, chapter) -> new RoutedTransport(
                                nodes,
                                within.get(rank).connect(of, chapter),
                                across.get(rank).connect(of, chapter)),
                        liveness))
                .toList();
    }
}
