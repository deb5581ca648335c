package org.ringwood.runtime.worker;

import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Topology;
import org.ringwood.runtime.cluster.LocalCoordination;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.process.Hosts;
import org.ringwood.runtime.process.ProgressDisplay;

/** A job whose ranks are threads of this process; for small jobs, and with the same code as processes run. */
public final class ThreadedJob {
    private ThreadedJob() {}

    /**
     * Runs a job to its end.
     *
     * @param ranks number of threads that are ranks
     * @param verbose whether stack traces are shown
     */
    public static ExitStatus run(Job job, int ranks, boolean verbose) {
        List<ProcessGroup> groups = ProcessGroups.inProcess(Topology.singleNode(ranks), job.timeouts());
        List<LocalCoordination> coordination =
                LocalCoordination.of(ranks, groups.getFirst().liveness(), Hosts.name());
        String nonce = "threads-" + ProcessHandle.current().pid();
        AtomicReferenceArray<RankProgram.End> ends = new AtomicReferenceArray<>(ranks);
        try (ProgressFeed _ = new ProgressFeed(coordination.getFirst(), ProgressDisplay.onStandardError())) {
            RankThreads.outcomes(groups, group -> {
                int rank = group.rank();
                Voice voice = rank == 0 ? Voice.on(System.out) : Voice.silent();
                ends.set(rank, new RankProgram(job, coordination.get(rank), group, nonce, voice).run());
            });
        }
        return conclude(IntStream.range(0, ranks).mapToObj(ends::get).toList(), verbose);
    }

    private static ExitStatus conclude(List<RankProgram.End> ends, boolean verbose) {
        RankProgram.End worst = ends.stream()
                .filter(end -> end.failure().isPresent())
                .findFirst()
                .orElse(ends.getFirst());
        worst.failure().ifPresent(failure -> System.err.println("ringwood: " + failure.sentence()));
        if (verbose) {
            ends.forEach(end -> {
                if (end.thrown() != null) {
                    end.thrown().printStackTrace();
                }
            });
        }
        return worst.status();
    }
}
