package org.ringwood.runtime.worker;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.ringwood.collectives.Failure;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

/**
 * Sees to it that a process ends soon once its job has failed, whatever it is doing: reading a file from a server that is gone,
 * or waiting for a library that does not give up.
 */
final class Watchdog {
    /** How long a process may take to clean up. Its launcher waits as long before it kills. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final AtomicBoolean armed = new AtomicBoolean();
    private final CountDownLatch finished = new CountDownLatch(1);
    private final Consumer<JobFailure> lastWords;

    /**
     * A watchdog of this process.
     *
     * @param lastWords does what must be done before a process is halted that did not clean up itself
     */
    Watchdog(Consumer<JobFailure> lastWords) {
        this.lastWords = lastWords;
    }

    /** The process is to end by itself from now on, and is halted with the failure's exit code if it does not. */
    void arm(JobFailure failure) {
        if (armed.compareAndSet(false, true)) {
            Thread.ofPlatform().daemon().name("watchdog").start(() -> {
                if (!awaitFinish()) {
                    System.err.println("ringwood: did not end within " + PATIENCE.toSeconds() + " s and is halted");
                    halt(failure);
                }
            });
        }
    }

    /** Ends the process at once. */
    void halt(JobFailure failure) {
        try {
            lastWords.accept(failure);
        } finally {
            Runtime.getRuntime().halt(failure.status().code());
        }
    }

    /**
     * From now on SIGTERM and SIGINT end the job in order, and the JVM with the signal's exit code after that.
     *
     * @param request that the job be ended
     * @param end ends the job
     */
    void endOnSignal(Failure request, Consumer<JobFailure> end) {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("signal").unstarted(() -> {
            if (finished.getCount() > 0) {
                JobFailure failure = new JobFailure(request, ExitStatus.TERMINATED);
                end.accept(failure);
                if (!awaitFinish()) {
                    lastWords.accept(failure);
                }
            }
        }));
    }

    /** All is cleaned up. */
    void finished() {
        finished.countDown();
    }

    /** Waits until all is cleaned up, or patience ends; returns whether all is. */
    private boolean awaitFinish() {
        try {
            return finished.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
