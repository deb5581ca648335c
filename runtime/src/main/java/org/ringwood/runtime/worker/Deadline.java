package org.ringwood.runtime.worker;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Timeouts;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.outcome.JobFailure;

/**
 * The deadline of a job, {@code timeouts.job}: counts from when it is made, whatever the job is doing. The job's groups look at no
 * deadline of their own, which would hold only while their ranks wait.
 */
final class Deadline implements AutoCloseable {
    private final ScheduledExecutorService timer;
    private final Optional<Future<?>> waiting;
    private @Nullable Consumer<JobFailure> listener;
    private @Nullable JobFailure reached;

    private Deadline(Optional<Duration> limit) {
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("deadline").factory());
        this.waiting =
                limit.map(time -> timer.schedule(() -> reach(failure(time)), time.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** A job's deadline, which never comes if it has none. */
    static Deadline of(Job job) {
        return new Deadline(job.timeouts().job());
    }

    /** The timeouts of a job's groups: all but the deadline. */
    static Timeouts ofGroups(Job job) {
        Timeouts all = job.timeouts();
        return new Timeouts(all.join(), all.peer(), all.stall(), Optional.empty());
    }

    private static JobFailure failure(Duration limit) {
        return JobFailure.of(new Failure(
                -1,
                "?",
                0,
                Failure.Cause.DEADLINE,
                "the job reached its deadline of " + limit.toMillis() / 1000.0
                        + " s: give it more time by timeouts.job, or more workers"));
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
