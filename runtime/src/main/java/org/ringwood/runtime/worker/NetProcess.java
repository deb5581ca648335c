package org.ringwood.runtime.worker;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.mpi.MpiBinding;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.net.NetBench;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.sweep.RunFiles;

/** One rank of a measurement of links: a process, or a thread. */
public final class NetProcess {
    private final NetTask task;
    private final Surroundings surroundings;
    private final boolean mpi;
    private Optional<String> wrong = Optional.empty();

    /** @param mpi whether MPI knows the ranks */
    private NetProcess(NetTask task, Surroundings surroundings, boolean mpi) {
        this.task = task;
        this.surroundings = surroundings;
        this.mpi = mpi;
    }

    /**
     * Runs this process's rank.
     *
     * @param verbose whether stack traces are shown where there is no log for them
     */
    public static ExitStatus run(Seat seat, NetTask task, boolean verbose) {
        boolean mpi = seat.directory().isEmpty() && MpiBinding.isLaunched();
        NetProcess process = new NetProcess(task, Surroundings.of(seat), mpi);
        return WorkerProcess.run(
                seat, task::job, verbose, (job, coordination, groups) -> process.play(job, coordination, groups));
    }

    /** Runs all ranks as threads of this process. */
    public static ExitStatus runThreads(NetTask task, int ranks, boolean verbose) {
        Surroundings surroundings = Surroundings.ofThreads(1);
        ThreadedJob.Part part = (coordination, group) -> {
            NetProcess process = new NetProcess(task, surroundings, false);
            Optional<String> wrong = process.measure(Job.Transport.INPROCESS, coordination, group);
            coordination.conclude();
            return End.verified(coordination, wrong);
        };
        return new ThreadedJob(task.job(), Topology.singleNode(ranks), part, () -> {}).run(verbose);
    }

    private End play(Job job, Coordination coordination, Groups groups) {
        List<Job.Transport> transports = transports(groups.topology());
        Agreement.on(
                coordination,
                String.join(" ", task.with(transports).arguments()),
                "different options, or Open MPI is not on the nodes of both: start all ranks with the same --transport",
                job.timeouts().join());
        for (Job.Transport transport : transports) {
            groups.during(transport, group -> measure(transport, coordination, group));
        }
        coordination.conclude();
        return End.verified(coordination, wrong);
    }

    /** Those that were asked for, or all that reach the ranks. */
    private List<Job.Transport> transports(Topology topology) {
        if (!task.transports().isEmpty()) {
            return task.transports();
        }
        int nodes = topology.nodeCount();
        boolean mixed = nodes > 1 && nodes < topology.size();
        List<Job.Transport> all = new ArrayList<>();
        if (nodes == 1) {
            all.add(Job.Transport.SHM);
        }
        all.add(Job.Transport.AERON);
        if (mixed) {
            all.add(Job.Transport.AUTO);
        }
        if (mpi) {
            all.add(Job.Transport.MPI);
        }
        if (mpi && mixed) {
            all.add(Job.Transport.SHM_MPI);
        }
        return all;
    }

    /** Returns what is wrong until now, if anything is. */
    private Optional<String> measure(Job.Transport transport, Coordination coordination, ProcessGroup group) {
        String run = Gathering.texts(group, group.rank() == 0 ? RunFiles.name("net", Instant.now()) : "")
                .getFirst();
        NetBench bench = new NetBench(group, run, transport.toString(), task.sizes());
        if (group.rank() > 0) {
            bench.measure(link -> wrong = wrong.or(() -> NetRecord.violation(link)));
        } else {
            try (NetRecord record = NetRecord.create(task, run, group, coordination, surroundings)) {
                bench.measure(link -> {
                    wrong = wrong.or(() -> NetRecord.violation(link));
                    record.add(link);
                });
            }
        }
        group.barrier();
        return wrong;
    }
}
