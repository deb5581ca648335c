package org.ringwood.runtime.planning;

import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;

/**
 * What a rank computes on. The cpus that a job names are those of every machine; the ranks on one have equal parts of the list, in the
 * order of ranks.
 *
 * @param threads compute threads
 * @param cpus what they keep to; none if the system chooses
 */
public record Cores(int threads, CpuList cpus) {
    /**
     * As the job says; else a thread for each of its cpus, or for each core that this process may use, shared among the ranks on this machine
     * that may use some of them, too: a launcher such as Slurm may have given each rank its own. Where the job lists devices, a rank on a GPU
     * leaves the others all cores but one.
     *
     * @param allowed what each rank may use; none where nobody knows
     * @throws InputException if a machine has more ranks than the job names cpus
     */
    public static Cores of(Job job, Topology topology, int rank, List<CpuList> allowed) {
        String node = topology.nodes().get(rank);
        List<Integer> local = IntStream.range(0, topology.size())
                .filter(other -> topology.nodes().get(other).equals(node))
                .boxed()
                .toList();
        if (job.cpus().isEmpty()) {
            List<Integer> sharing = local.stream()
                    .filter(other -> allowed.get(other).mayOverlap(allowed.get(rank)))
                    .toList();
            return new Cores(job.threads().orElseGet(() -> part(job, rank, sharing)), CpuList.NONE);
        }
        if (job.cpus().size() < local.size()) {
            throw new InputException("cpus: " + job.cpus() + " are fewer than the " + local.size()
                    + " workers of a machine: name one at least for each, or leave it auto");
        }
        CpuList mine = job.cpus().part(local.indexOf(rank), local.size());
        return new Cores(job.threads().orElse(mine.size()), mine);
    }

    private static int part(Job job, int rank, List<Integer> sharing) {
        int cores = Runtime.getRuntime().availableProcessors();
        long onGpus = sharing.stream()
                .filter(other -> job.device(other) == Devices.Kind.CUDA)
                .count();
        if (job.device(rank) == Devices.Kind.CUDA || onGpus == 0) {
            return Math.max(1, cores / sharing.size());
        }
        return (int) Math.max(1, (cores - onGpus) / (sharing.size() - onGpus));
    }
}
