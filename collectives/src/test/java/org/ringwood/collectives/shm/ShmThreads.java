package org.ringwood.collectives.shm;

import java.util.List;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Parallel;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.control.ControlPlane;
import org.ringwood.collectives.control.LoopbackJob;

/** Ranks that are threads of this JVM and yet share nothing but files and a control plane. */
final class ShmThreads {
    private ShmThreads() {}

    /** All ranks are of one host, whatever the group's topology says. */
    static List<ProcessGroup> connect(Topology topology, Timeouts timeouts) throws Exception {
        List<ControlPlane> planes = LoopbackJob.join(topology.size(), timeouts);
        return Parallel.forEachRank(topology.size(), rank -> connect(rank, topology, timeouts, planes.get(rank)));
    }

    private static ProcessGroup connect(int rank, Topology topology, Timeouts timeouts, ControlPlane plane) {
        Job job = new Job(plane.job(), 0, topology, timeouts);
        Topology host = Topology.singleNode(topology.size());
        return ProcessGroups.over(
                job,
                rank,
                (of, chapter) -> ShmTransport.connect(
                        new Job(of.nonce(), 0, host, timeouts), rank, plane.chapter(chapter), plane),
                plane);
    }
}
