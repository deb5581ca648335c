package org.ringwood.runtime.worker;

import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.planning.Cores;

/** The device of a rank, with its share of the node's cores. */
final class RankDevice {
    private RankDevice() {}

    /** Opens it; every rank calls this, since they share cores. */
    static Device open(Job job, ProcessGroup group) {
        job.requireFits(group.size());
        Cores cores = cores(job, group);
        int place = placeAmongGpus(job, group.topology(), group.rank());
        return open(
                job.device(group.rank()), new Devices.Share(cores.threads(), cores.cpus(), place, job.deviceMemory()));
    }

    private static Cores cores(Job job, ProcessGroup group) {
        String mine = CpuList.allowed().orElse(CpuList.NONE).toString();
        List<CpuList> allowed = Gathering.texts(group, mine).stream()
                .map(text -> text.isEmpty() ? CpuList.NONE : CpuList.parse(text))
                .toList();
        return Cores.of(job, group.topology(), group.rank(), allowed);
    }

    /** Ranks before a rank on its node that may take a GPU. */
    static int placeAmongGpus(Job job, Topology topology, int rank) {
        return (int) IntStream.range(0, rank)
                .filter(other -> topology.sameNode(other, rank))
                .filter(other -> job.device(other) == Devices.Kind.CUDA || job.device(other) == Devices.Kind.AUTO)
                .count();
    }

    private static Device open(Devices.Kind kind, Devices.Share share) {
        try {
            share.cpus().requireUsable();
        } catch (UnsupportedOperationException | IllegalArgumentException refused) {
            throw new InputException("cpus: " + refused.getMessage() + ": name others, or leave it auto", refused);
        }
        try {
            return Devices.open(kind, share);
        } catch (UnsupportedOperationException missing) {
            throw new InputException("device: " + missing.getMessage(), missing);
        }
    }
}
