package org.ringwood.collectives.inprocess;

import java.util.List;
import org.ringwood.collectives.CollectivesContract;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TransportContract;

class InProcessContractTest implements TransportContract, CollectivesContract {
    @Override
    public List<ProcessGroup> connect(Topology topology, Timeouts timeouts) {
        return ProcessGroups.inProcess(topology, timeouts);
    }

    @Override
    public List<Integer> sizes() {
        return List.of(1, 2, 3, 4, 5, 6, 7, 8);
    }
}
