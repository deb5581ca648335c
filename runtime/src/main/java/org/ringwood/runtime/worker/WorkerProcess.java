package org.ringwood.runtime.worker;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.PortRange;
import org.ringwood.runtime.cluster.ClusterSettings;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.HazelcastCoordination;
import org.ringwood.runtime.cluster.MeetingPoint;
import org.ringwood.runtime.cluster.Member;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.process.Heartbeat;
import org.ringwood.runtime.process.Hosts;
import org.ringwood.runtime.process.Lifeline;
import org.ringwood.runtime.process.ProgressDisplay;

/** A process that is one rank of a job: joins the others, does its part, leaves, and says why if it could not. */
public final class WorkerProcess {
    private final Seat seat;
    private final boolean verbose;
    private final Member me;
    private final Watchdog watchdog = new Watchdog(failure -> explain(End.of(failure)));
    private final Optional<Lifeline> lifeline;
    private final Optional<Heartbeat> heartbeat;

    private WorkerProcess(Seat seat, boolean verbose) {
        this.seat = seat;
        this.verbose = verbose;
        this.me = new Member(seat.rank(), Hosts.name(), ProcessHandle.current().pid());
        this.lifeline = seat.directory().map(_ -> Lifeline.on(System.in));
        this.heartbeat = seat.directory().map(directory -> new Heartbeat(directory, seat.rank()));
    }

    /**
     * Runs this process's rank of a job.
     *
     * @param file job file
     * @param settings {@code KEY=VALUE} that win over it
     * @param verbose whether stack traces are shown where there is no log for them
     */
    public static ExitStatus run(Seat seat, Path file, List<String> settings, boolean verbose) {
        return run(
                seat,
                () -> JobFile.read(file, settings, System.getenv()),
                verbose,
                (job, coordination, groups) -> runJob(seat, job, coordination, groups));
    }

    /** What a rank does once it has joined the others. */
    interface Part {
        /**
         * Does it, to the end.
         *
         * @param groups connect the ranks
         */
        End play(Job job, Coordination coordination, Groups groups);
    }

    /**
     * Joins the others, does a part, and leaves.
     *
     * @param job says how ranks meet and how long they wait
     */
    static ExitStatus run(Seat seat, Supplier<Job> job, boolean verbose, Part part) {
        return new WorkerProcess(seat, verbose).run(job, part);
    }

    private static End runJob(Seat seat, Job job, Coordination coordination, Groups groups) {
        String nonce = Nonce.of(seat.token()).toString();
        return groups.during(job.transport(), group -> {
            if (seat.rank() > 0) {
                return new RankProgram(job, coordination, group, nonce, Voice.silent()).run();
            }
            try (ProgressFeed _ = new ProgressFeed(coordination, ProgressDisplay.ofRankZero(seat.directory()))) {
                return new RankProgram(job, coordination, group, nonce, Voice.on(System.out)).run();
            }
        });
    }

    private ExitStatus run(Supplier<Job> source, Part part) {
        End end;
        try {
            Job job = source.get();
            requireAgreement(job);
            end = run(job, part);
        } catch (RuntimeException | Error thrown) {
            end = End.failed(Classification.of(thrown, me), thrown);
        }
        explain(end);
        watchdog.finished();
        heartbeat.ifPresent(Heartbeat::close);
        return end.status();
    }

    private void requireAgreement(Job job) {
        int wanted = job.workers().orElse(seat.size());
        if (wanted != seat.size()) {
            throw new InputException("workers: " + wanted + " contradicts the launcher, which started " + seat.size()
                    + " ranks: write workers: auto, or start " + wanted);
        }
        try {
            job.network().ports().requireRoomFor(seat.size());
        } catch (IllegalArgumentException tooHigh) {
            throw new InputException("network.ports: " + tooHigh.getMessage(), tooHigh);
        }
    }

    private End run(Job job, Part part) {
        try (Deadline deadline = Deadline.of(job, System.getenv())) {
            return run(job, part, deadline);
        }
    }

    private End run(Job job, Part part, Deadline deadline) {
        // Until there are peers and files, there is nothing to clean up.
        lifeline.ifPresent(pipe -> pipe.listen(watchdog::halt));
        deadline.listen(watchdog::halt);
        InetAddress address = ListenAddress.of(job.network().interfaceName(), seat);
        try (HazelcastCoordination coordination =
                HazelcastCoordination.join(clusterSettings(job, address), watchdog::arm)) {
            lifeline.ifPresent(pipe -> pipe.listen(coordination::fail));
            deadline.listen(coordination::fail);
            watchdog.endOnSignal(
                    me.failure(Failure.Cause.CANCELLED, "was asked to end by a signal"), coordination::fail);
            return run(job, part, coordination, address);
        }
    }

    private End run(Job job, Part part, Coordination coordination, InetAddress address) {
        try {
            return part.play(job, coordination, new Groups(seat, job, coordination, address));
        } catch (RuntimeException | Error thrown) {
            return End.stopped(coordination, thrown);
        }
    }

    private ClusterSettings clusterSettings(Job job, InetAddress address) {
        PortRange ports = job.network().ports();
        MeetingPoint meeting = seat.meeting().at(ports);
        int free = seat.rank() == 0 ? meeting.port() : 0;
        return new ClusterSettings(
                me,
                seat.size(),
                address.getHostAddress(),
                ports.isFixed() ? ports.of(seat.rank()) : free,
                meeting,
                seat.token(),
                job.timeouts());
    }

    /** A worker of our launcher leaves word in the job's directory; any other says it itself. */
    private void explain(End end) {
        boolean logged = seat.directory().isPresent();
        if (end.thrown() != null && (logged || verbose)) {
            System.err.println("ringwood: rank " + me.rank() + " ends with this:");
            end.thrown().printStackTrace();
        }
        if (!logged) {
            end.failure().ifPresent(failure -> System.err.println("ringwood: " + failure.sentence()));
            return;
        }
        try {
            if (lifeline.map(Lifeline::isCut).orElse(false)) {
                seat.directory().get().delete();
            } else if (end.failure().isPresent()) {
                seat.directory().get().leaveVerdict(me.rank(), end.failure().get());
            }
        } catch (IOException gone) {
            System.err.println("ringwood: cannot leave word of the end in the job's directory: " + gone);
        }
    }
}
