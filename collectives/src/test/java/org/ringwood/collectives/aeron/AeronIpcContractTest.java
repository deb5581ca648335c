package org.ringwood.collectives.aeron;

import java.util.List;
import org.ringwood.collectives.CollectivesContract;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TransportContract;

/** Ranks of one node. */
class AeronIpcContractTest implements TransportContract, CollectivesContract {
    @Override
    public List<ProcessGroup> connect(Topology topology, Timeouts timeouts) throws Exception {
        return new LocalJob(topology, timeouts, Media.AUTO, LocalJob.SMALL).groups();
    }

    @Override
    public List<Integer> sizes() {
        return List.of(2, 3, 4);
    }
}
