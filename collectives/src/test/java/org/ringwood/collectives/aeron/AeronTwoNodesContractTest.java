package org.ringwood.collectives.aeron;

import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.collectives.CollectivesContract;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TransportContract;

/** Two nodes with a driver each: shared logs within, UDP between. */
class AeronTwoNodesContractTest implements TransportContract, CollectivesContract {
    @Override
    public List<ProcessGroup> connect(Topology topology, Timeouts timeouts) throws Exception {
        return new LocalJob(twoNodes(topology.size()), timeouts, Media.AUTO, LocalJob.SMALL).groups();
    }

    static Topology twoNodes(int ranks) {
        return new Topology(IntStream.range(0, ranks)
                .mapToObj(rank -> rank < ranks / 2 ? "left" : "right")
                .toList());
    }

    @Override
    public List<Integer> sizes() {
        return List.of(2, 5);
    }
}
