package org.ringwood.runtime.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Topology;
import org.ringwood.runtime.cluster.LocalCoordination;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;
import org.ringwood.runtime.process.Hosts;
import org.ringwood.runtime.process.ProgressDisplay;
import org.ringwood.runtime.tensors.Output;

/** A job whose ranks are threads of this process; for small jobs, and with the same code as processes run. */
public final class ThreadedJob {
    private final Job job;
    private final Part part;
    private final Runnable discard;
    private final List<ProcessGroup> groups;
    private final List<LocalCoordination> coordination;
    private final AtomicReferenceArray<@Nullable End> ends;
    private final Watchdog watchdog = new Watchdog(this::abandon);

    /** What every rank does. */
    interface Part {
        /** Does it, to the end. */
        End play(LocalCoordination coordination, ProcessGroup group);
    }

    /**
     * @param job says how long ranks wait
     * @param topology which ranks are to count as sharing a node
     * @param discard removes what the ranks left unfinished, if they cannot
     */
    ThreadedJob(Job job, Topology topology, Part part, Runnable discard) {
        this.job = job;
        this.part = part;
        this.discard = discard;
        this.groups = ProcessGroups.inProcess(topology, Deadline.ofGroups(job));
        this.coordination =
                LocalCoordination.of(topology.size(), groups.getFirst().liveness(), Hosts.name());
        this.ends = new AtomicReferenceArray<>(topology.size());
    }

    /**
     * Runs a job to its end.
     *
     * @param ranks number of threads that are ranks
     * @param verbose whether stack traces are shown
     */
    public static ExitStatus run(Job job, int ranks, boolean verbose) {
        String nonce = Nonce.of(UUID.randomUUID().toString()).toString();
        Part part = (coordination, group) -> {
            Voice voice = group.rank() == 0 ? Voice.on(System.out) : Voice.silent();
            return new RankProgram(job, coordination, group, nonce, voice).run();
        };
        Runnable discard = () -> job.output().ifPresent(target -> Output.discard(target, nonce));
        return new ThreadedJob(job, Topology.singleNode(ranks), part, discard).run(verbose);
    }

    /** Runs it to its end. */
    ExitStatus run(boolean verbose) {
        LocalCoordination any = coordination.getFirst();
        watchdog.endOnSignal(
                new Failure(-1, "?", 0, Failure.Cause.CANCELLED, "the job was asked to end by a signal"), any::fail);
        List<Optional<Throwable>> thrown;
        try (Deadline deadline = Deadline.of(job, System.getenv());
                ProgressFeed _ = new ProgressFeed(any, ProgressDisplay.onStandardError())) {
            deadline.listen(failure -> {
                any.fail(failure);
                watchdog.arm(failure);
            });
            thrown = RankThreads.outcomes(groups, this::runRank);
        }
        ExitStatus status = conclude(endsWith(thrown), verbose);
        watchdog.finished();
        return status;
    }

    private void runRank(ProcessGroup group) {
        int rank = group.rank();
        LocalCoordination mine = coordination.get(rank);
        try {
            ends.set(rank, part.play(mine, group));
        } catch (RuntimeException | Error thrown) {
            ends.set(rank, End.stopped(mine, thrown));
        }
    }

    /** How every rank ended, also one whose program or whose leaving of the group threw. */
    private List<End> endsWith(List<Optional<Throwable>> thrown) {
        List<End> all = new ArrayList<>();
        for (int rank = 0; rank < ends.length(); rank++) {
            End end = ends.get(rank);
            if (thrown.get(rank).isPresent() && (end == null || end.failure().isEmpty())) {
                Throwable cause = thrown.get(rank).get();
                end = End.failed(Classification.of(cause, coordination.get(rank).me()), cause);
            }
            all.add(Objects.requireNonNull(end));
        }
        return all;
    }

    private static ExitStatus conclude(List<End> ends, boolean verbose) {
        End worst = ends.stream()
                .filter(end -> end.failure().isPresent())
                .findFirst()
                .orElse(ends.getFirst());
        worst.failure().ifPresent(ThreadedJob::explain);
        if (verbose) {
            ends.forEach(end -> {
                if (end.thrown() != null) {
                    end.thrown().printStackTrace();
                }
            });
        }
        return worst.status();
    }

    /** The ranks go on, but not for long. */
    private void abandon(JobFailure failure) {
        explain(failure);
        discard.run();
    }

    private static void explain(JobFailure failure) {
        System.err.println("ringwood: " + failure.sentence());
    }
}
