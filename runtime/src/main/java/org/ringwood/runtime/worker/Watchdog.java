package org.ringwood.runtime.worker;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.ringwood.runtime.outcome.ExitStatus;

/**
 * Sees to it that a process ends soon once its job has failed, whatever it is doing: reading a file from a server that is gone,
 * or waiting for a library that does not give up.
 */
public final class Watchdog {
    /** How long a process may take to clean up. Its launcher waits as long before it kills. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final AtomicBoolean armed = new AtomicBoolean();
    private final CountDownLatch finished = new CountDownLatch(1);

    /** The process is to end by itself from now on, and is halted with this status if it does not. */
    public void arm(ExitStatus status) {
        if (armed.compareAndSet(false, true)) {
            Thread.ofPlatform().daemon().name("watchdog").start(() -> {
                if (!awaitFinish()) {
                    System.err.println("ringwood: did not end within " + PATIENCE.toSeconds() + " s and is halted");
                    Runtime.getRuntime().halt(status.code());
                }
            });
        }
    }

    /** All is cleaned up. */
    public void finished() {
        finished.countDown();
    }

    /** Whether all is cleaned up. */
    boolean isFinished() {
        return finished.getCount() == 0;
    }

    /** Waits until all is cleaned up, or patience ends; returns which. */
    public boolean awaitFinish() {
        try {
            return finished.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
