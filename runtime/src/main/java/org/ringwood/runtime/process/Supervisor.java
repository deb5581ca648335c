package org.ringwood.runtime.process;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.JobFailure;

/**
 * Starts a process for each rank and sees that all of them end. The first that fails is the cause: the others are told, may end
 * by themselves for a while, and are killed then.
 */
public final class Supervisor implements AutoCloseable {
    /** How long the others may take to end after the first failure. */
    public static final Duration GRACE = Duration.ofSeconds(3);

    private final String host;
    private final Function<Integer, Optional<JobFailure>> verdicts;
    private final Messenger messenger;
    private final Optional<Duration> limit;
    private final Optional<Duration> farewell;
    private final List<Child> children = new ArrayList<>();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

    /** What happened to a process. */
    private sealed interface Event {}

    private record Ended(Child child) implements Event {}

    private record Lost(JobFailure failure) implements Event {}

    /** How processes learn that the job has failed and that they should end. */
    @FunctionalInterface
    public interface Messenger {
        /** Tells a process of a failure. */
        void tell(Process process, JobFailure failure);
    }

    /**
     * @param host name of this machine, for errors
     * @param verdicts what a rank that has ended said of why
     * @param messenger tells the others
     * @param limit how long all of it may take; empty for as long as it likes
     * @param farewell how long the others may take to end once a rank has ended well; empty for as long as they like
     */
    public Supervisor(
            String host,
            Function<Integer, Optional<JobFailure>> verdicts,
            Messenger messenger,
            Optional<Duration> limit,
            Optional<Duration> farewell) {
        this.host = host;
        this.verdicts = verdicts;
        this.messenger = messenger;
        this.limit = limit;
        this.farewell = farewell;
    }

    /**
     * Starts the process of the next rank.
     *
     * @throws InputException if it cannot be started
     */
    public Process start(ProcessBuilder command) {
        try {
            Process process = command.start();
            Child child = new Child(children.size(), process);
            synchronized (children) {
                children.add(child);
            }
            Thread.ofVirtual().name("exit").start(() -> {
                process.onExit().join();
                events.add(new Ended(child));
            });
            return process;
        } catch (IOException impossible) {
            throw new InputException(
                    "cannot start " + command.command().getFirst() + " (" + impossible.getMessage()
                            + "): check that it exists and may be executed",
                    impossible);
        }
    }

    /** Waits until every process has ended; returns the first failure, if there was one. */
    public Optional<JobFailure> await() throws InterruptedException {
        JobFailure cause = null;
        boolean ending = false;
        long deadline = limit.map(Supervisor::in).orElse(Long.MAX_VALUE);
        for (int running = children.size(); running > 0; ) {
            JobFailure failure = null;
            switch (next(deadline)) {
                case null -> {
                    if (cause == null) {
                        cause = (ending ? late() : overdue()).orElse(null);
                    }
                    kill();
                    deadline = Long.MAX_VALUE;
                    continue;
                }
                case Lost lost -> failure = lost.failure;
                case Ended ended -> {
                    running--;
                    failure = ended.child.process().exitValue() == 0 ? null : failure(ended.child);
                }
            }
            if (cause == null && failure != null) {
                cause = failure;
                spread(cause);
                ending = true;
                deadline = in(GRACE);
            } else if (!ending && farewell.isPresent()) {
                ending = true;
                deadline = in(farewell.get());
            }
        }
        return Optional.ofNullable(cause);
    }

    private static long in(Duration time) {
        return System.nanoTime() + time.toNanos();
    }

    /** A rank did not end with the others. */
    private Optional<JobFailure> late() {
        return stillRunning(
                Failure.Cause.STALLED,
                "did not end within " + farewell.orElseThrow().toSeconds() + " s after the others");
    }

    /** No rank has ended although all should have. */
    private Optional<JobFailure> overdue() {
        return stillRunning(
                Failure.Cause.DEADLINE,
                "did not end by itself after the job's deadline (is it stopped or starved?); give it cores, or more time by"
                        + " timeouts.job");
    }

    /** The failure of the first rank that still runs; empty if the last one has just ended. */
    private Optional<JobFailure> stillRunning(Failure.Cause why, String detail) {
        return running().stream().findFirst().map(child -> failure(child, why, detail));
    }

    /** The exit code of the program that the failure names, if that ended by itself. */
    public OptionalInt exitCode(JobFailure failure) {
        synchronized (children) {
            return children.stream()
                    .filter(child -> child.rank() == failure.failure().rank()
                            && failure.failure().cause() == Failure.Cause.ERROR)
                    .mapToInt(child -> child.process().exitValue())
                    .findFirst();
        }
    }

    private @Nullable Event next(long deadline) throws InterruptedException {
        return deadline == Long.MAX_VALUE
                ? events.take()
                : events.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    private JobFailure failure(Child ended) {
        return verdicts.apply(ended.rank()).orElseGet(() -> JobFailure.of(ended.exit(host)));
    }

    /** Those that have not ended. */
    List<Child> running() {
        synchronized (children) {
            return children.stream().filter(child -> child.process().isAlive()).toList();
        }
    }

    /** Somebody found that a process is lost although it has not ended. */
    void lost(Child child, Failure.Cause how, String detail) {
        events.add(new Lost(failure(child, how, detail)));
    }

    private JobFailure failure(Child child, Failure.Cause why, String detail) {
        return JobFailure.of(new Failure(child.rank(), host, child.process().pid(), why, detail));
    }

    /** Tells every process that runs of a failure; one that fell silent hears nothing and is killed. */
    private void spread(JobFailure cause) {
        synchronized (children) {
            for (Child child : children) {
                if (child.rank() == cause.failure().rank() && cause.failure().cause() == Failure.Cause.SILENT) {
                    child.process().destroyForcibly();
                } else if (child.process().isAlive()) {
                    messenger.tell(child.process(), cause);
                }
            }
        }
    }

    /** Tells every process of the failure that the launcher itself learnt of, such as a signal; they have the grace period to end. */
    public void end(JobFailure cause) {
        List<Child> told;
        synchronized (children) {
            told = List.copyOf(children);
        }
        told.forEach(child -> messenger.tell(child.process(), cause));
        long deadline = System.nanoTime() + GRACE.toNanos();
        try {
            for (Child child : told) {
                child.process().waitFor(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    private void kill() {
        synchronized (children) {
            children.forEach(Child::kill);
        }
    }

    /** Kills what still runs and waits for its end. */
    @Override
    public void close() {
        kill();
        synchronized (children) {
            children.forEach(child -> child.process().onExit().join());
        }
    }
}
