package org.ringwood.runtime.planning;

import org.ringwood.collectives.Topology;
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
     * As the job says; else a thread for each of its cpus, or for each core of this machine shared among the ranks on it.
     *
     * @throws InputException if a machine has more ranks than the job names cpus
     */
    public static Cores of(Job job, Topology topology, int rank) {
        String node = topology.nodes().get(rank);
        int local = (int) topology.nodes().stream().filter(node::equals).count();
        int before = (int)
                topology.nodes().subList(0, rank).stream().filter(node::equals).count();
        if (job.cpus().isEmpty()) {
            int cores = Runtime.getRuntime().availableProcessors();
            return new Cores(job.threads().orElse(Math.max(1, cores / local)), CpuList.NONE);
        }
        if (job.cpus().size() < local) {
            throw new InputException("cpus: " + job.cpus() + " are fewer than the " + local
                    + " workers of a machine: name one at least for each, or leave it auto");
        }
        CpuList mine = job.cpus().part(before, local);
        return new Cores(job.threads().orElse(mine.size()), mine);
    }
}
