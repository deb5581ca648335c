package org.ringwood.runtime.job;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.ringwood.collectives.PortRange;
import org.ringwood.collectives.Timeouts;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.runtime.yaml.Keywords;

/**
 * A job as its file describes it, with every default filled in and every path absolute. Empty options mean {@code auto} or, of
 * files, that nothing is written.
 *
 * @param workers processes
 * @param threads compute threads a worker
 * @param cpus of a machine, cut among the workers on it; none leaves the choice to the system
 * @param devices where kernels run: one for all workers, or one for each
 * @param deviceMemory bytes of a GPU's memory that a worker may take for tensors; empty for all that is free
 * @param speeds how fast workers are taken to be
 * @param transport what carries tensors
 * @param network interface and ports
 * @param timeouts when waiting ends
 * @param attention what is computed, and how
 * @param input queries, keys and values
 * @param output file of the result
 * @param verify how much of the result is compared with the oracle
 * @param report file of the report
 * @param trace file of the trace
 */
public record Job(
        OptionalInt workers,
        OptionalInt threads,
        CpuList cpus,
        List<Devices.Kind> devices,
        OptionalLong deviceMemory,
        Speeds speeds,
        Transport transport,
        Network network,
        Timeouts timeouts,
        Attention attention,
        Input input,
        Optional<Path> output,
        Verify verify,
        Optional<Path> report,
        Optional<Path> trace) {

    /** Transports by the names of the job file. */
    public enum Transport {
        /** Shared memory within a node, Aeron between nodes. */
        AUTO,
        /** Ranks are threads of one process. */
        INPROCESS,
        /** Shared memory of one host. */
        SHM,
        /** UDP between hosts. */
        AERON,
        /** Open MPI between all ranks, which mpirun or srun has started. */
        MPI,
        /** Shared memory within a node, Open MPI between nodes. */
        SHM_MPI;

        /** Whether its ranks must be started by a launcher that MPI knows. */
        public boolean needsMpi() {
            return this == MPI || this == SHM_MPI;
        }

        @Override
        public String toString() {
            return Keywords.of(this);
        }
    }

    /** Schedules by the names of the job file. */
    public enum Schedule {
        /** The one that is predicted to be the fastest. */
        AUTO,
        /** Key and value blocks travel round. */
        RING,
        /** A ring inside each node, a ring of nodes outside. */
        DOUBLE_RING,
        /** Partial states are reduced over a tree. */
        TREE,
        /** Heads are exchanged for tokens. */
        ULYSSES,
        /** Everyone fetches the keys and values it needs. */
        GATHER,
        /** Ulysses within groups, ring among them. */
        HYBRID;

        @Override
        public String toString() {
            return Keywords.of(this);
        }
    }

    /** Partitions by the names of the job file. */
    public enum Partition {
        /** The one that suits mask and schedule. */
        AUTO,
        /** One run of tokens a rank. */
        CONTIGUOUS,
        /** One run from the front and one from the back. */
        ZIGZAG,
        /** Short runs in turn. */
        STRIPED,
        /** Runs of equal admitted area. */
        BALANCED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Where workers listen.
     *
     * @param interfaceName network interface or address; empty for auto
     * @param ports of the ranks, for TCP and UDP alike
     */
    public record Network(Optional<String> interfaceName, PortRange ports) {}

    /**
     * What is computed, and how.
     *
     * @param schedules run in turn and compared; the output is the first one's
     * @param partition who owns which tokens
     * @param mask which keys a query attends to
     * @param scale factor of the scores; empty for {@code 1 / sqrt(dim)}
     * @param softcap bound of the scores, 0 for none
     */
    public record Attention(
            List<Schedule> schedules, Partition partition, MaskSpec mask, OptionalDouble scale, double softcap) {
        /** Copies the list. */
        public Attention {
            schedules = List.copyOf(schedules);
        }
    }

    /** Copies the list. */
    public Job {
        devices = List.copyOf(devices);
    }

    /** Where a worker's kernels run. */
    public Devices.Kind device(int rank) {
        return devices.size() == 1 ? devices.getFirst() : devices.get(rank);
    }

    /**
     * Sees that there are as many workers as the job lists devices or speeds for.
     *
     * @throws org.ringwood.runtime.files.InputException if not
     */
    public void requireFits(int workers) {
        PerWorker.requireFits(this, workers);
    }

    /**
     * This job with what {@code auto} turned out to be.
     *
     * @param threads empty if not all workers have as many
     * @param devices one for all, or one for each
     */
    public Job resolved(
            int workers, OptionalInt threads, List<Devices.Kind> devices, Speeds speeds, Transport transport) {
        return new Job(
                OptionalInt.of(workers),
                threads,
                cpus,
                devices,
                devices.contains(Devices.Kind.CUDA) ? deviceMemory : OptionalLong.empty(),
                speeds,
                transport,
                network,
                timeouts,
                attention,
                input,
                output,
                verify,
                report,
                trace);
    }

    /**
     * The job as a job file that reads back as the same job: every key written out, in a fixed order. Equal jobs have equal
     * texts.
     */
    public String text() {
        return new JobText(this).toString();
    }

    /**
     * SHA-256, in hex, of {@link #text()} and of the masks it reads from files. Workers that agree on it were given the same
     * job.
     */
    public String digest() {
        return JobText.digest(this);
    }
}
