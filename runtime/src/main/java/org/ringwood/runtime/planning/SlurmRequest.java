package org.ringwood.runtime.planning;

/**
 * What to ask Slurm for.
 *
 * @param nodes machines
 * @param workers tasks, spread over the nodes as evenly as may be
 * @param cpusPerWorker compute threads a worker
 * @param bytesPerWorker memory of the worker that needs most
 * @param gpusPerNode GPUs of a node
 */
public record SlurmRequest(int nodes, int workers, int cpusPerWorker, long bytesPerWorker, int gpusPerNode) {
    private static final long MIB = 1 << 20;

    /** For what the kernel counts as the job's besides: files being read and written, pages of tables. */
    private static final double ROOM = 1.1;

    /** Workers on the fullest node. */
    public int workersPerNode() {
        return Math.ceilDiv(workers, nodes);
    }

    /** The options of {@code sbatch} or {@code salloc}. */
    public String flags() {
        boolean even = workers % nodes == 0;
        String tasks = even ? " --ntasks-per-node=" + workersPerNode() : " --ntasks=" + workers;
        long mebibytes = Math.ceilDiv((long) (bytesPerWorker * ROOM), MIB) * workersPerNode();
        String devices = gpusPerNode > 0 ? " --gres=gpu:" + gpusPerNode : "";
        return "--nodes=" + nodes + tasks + " --cpus-per-task=" + cpusPerWorker + " --mem=" + mebibytes + "M" + devices;
    }
}
