package org.ringwood.collectives.aeron;

import java.util.List;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TransportContract;

/** Ranks of one node that use UDP nevertheless. */
class AeronUdpContractTest implements TransportContract {
    @Override
    public List<ProcessGroup> connect(Topology topology, Timeouts timeouts) throws Exception {
        return new LocalJob(topology, timeouts, Media.UDP, LocalJob.SMALL).groups();
    }

    @Override
    public List<Integer> sizes() {
        return List.of(1, 3);
    }
}
