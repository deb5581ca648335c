package org.ringwood.runtime.worker;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Timeouts;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.outcome.JobFailure;

/**
 * The deadline of a job: {@code timeouts.job}, which counts from when this is made, or the end of its Slurm allocation if that comes
 * first; whatever the job is doing. The job's groups look at no deadline of their own, which would hold only while their ranks wait.
 */
final class Deadline implements AutoCloseable {
    /** Seconds since the epoch at which Slurm kills what then still runs. */
    private static final String END_OF_ALLOCATION = "SLURM_JOB_END_TIME";

    /** What it takes to end in order. */
    private static final Duration FAREWELL = Duration.ofSeconds(10);

    private final ScheduledExecutorService timer;
    private final Optional<Future<?>> waiting;
    private @Nullable Consumer<JobFailure> listener;
    private @Nullable JobFailure reached;

    private Deadline(Optional<Limit> limit) {
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("deadline").factory());
        this.waiting = limit.map(
                end -> timer.schedule(() -> reach(end.failure()), end.time().toMillis(), TimeUnit.MILLISECONDS));
    }

    /**
     * A job's deadline, which never comes if it has none.
     *
     * @param environment of this process
     * @throws InputException if Slurm's variable is no time
     */
    static Deadline of(Job job, Map<String, String> environment) {
        return new Deadline(Stream.of(ofJob(job), ofAllocation(environment))
                .flatMap(Optional::stream)
                .min(Comparator.comparing(Limit::time)));
    }

    /**
     * An end that a job may come to.
     *
     * @param time left until then
     * @param sentence why the job ends
     */
    private record Limit(Duration time, String sentence) {
        JobFailure failure() {
            return JobFailure.of(new Failure(-1, "?", 0, Failure.Cause.DEADLINE, sentence));
        }
    }

    private static Optional<Limit> ofJob(Job job) {
        return job.timeouts()
                .job()
                .map(time -> new Limit(
                        time,
                        "the job reached its deadline of " + time.toMillis() / 1000.0
                                + " s: give it more time by timeouts.job, or more workers"));
    }

    private static Optional<Limit> ofAllocation(Map<String, String> environment) {
        return Optional.ofNullable(environment.get(END_OF_ALLOCATION))
                .filter(text -> !text.isBlank())
                .map(Deadline::instant)
                .map(end -> new Limit(
                        Duration.between(Instant.now(), end.minus(FAREWELL)),
                        "the job's Slurm allocation ends in " + FAREWELL.toSeconds()
                                + " s: give it more time (sbatch --time), or more workers"));
    }

    private static Instant instant(String epochSeconds) {
        try {
            return Instant.ofEpochSecond(Long.parseLong(epochSeconds));
        } catch (NumberFormatException | DateTimeException unreadable) {
            throw new InputException(
                    END_OF_ALLOCATION + "=" + epochSeconds + " is no time in seconds since 1970: unset it", unreadable);
        }
    }

    /** The timeouts of a job's groups: all but the deadline. */
    static Timeouts ofGroups(Job job) {
        Timeouts all = job.timeouts();
        return new Timeouts(all.join(), all.peer(), all.stall(), Optional.empty());
    }

    private synchronized void reach(JobFailure failure) {
        reached = failure;
        if (listener != null) {
            listener.accept(failure);
        }
    }

    /** Tells the listener once the deadline is reached, at once if it is already. Replaces an earlier listener. */
    synchronized void listen(Consumer<JobFailure> newListener) {
        listener = newListener;
        if (reached != null) {
            newListener.accept(reached);
        }
    }

    @Override
    public void close() {
        waiting.ifPresent(deadline -> deadline.cancel(false));
        timer.shutdownNow();
    }
}
