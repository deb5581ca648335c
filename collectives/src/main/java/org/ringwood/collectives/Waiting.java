package org.ringwood.collectives;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.ProcessGroup.Wait;
import org.ringwood.collectives.link.NodeLink;
import org.ringwood.collectives.transport.Transport;

/** How one rank waits: it drives the transport, looks for failures and the clock, and rests when nothing moves. */
final class Waiting {
    /** Rounds without movement before the thread parks: few, since ranks often outnumber cores. */
    private static final int SPINS = 50;

    private static final long SHORTEST_PARK_NANOS = 2_000;

    /** Bounds how late a wait notices what wakes no thread: a failure, a transport that must be polled. */
    private static final long LONGEST_PARK_NANOS = 250_000;

    private final int rank;
    private final Transport transport;
    private final Liveness liveness;
    private final Timeouts timeouts;
    private final List<NodeLink> links = new ArrayList<>();
    private final long jobBegan;
    private volatile @Nullable Thread waiter;

    /** @param jobBegan {@link System#nanoTime} from which the job's deadline counts */
    Waiting(int rank, Transport transport, Liveness liveness, Timeouts timeouts, long jobBegan) {
        this.rank = rank;
        this.transport = transport;
        this.liveness = liveness;
        this.timeouts = timeouts;
        this.jobBegan = jobBegan;
    }

    /** Every wait moves this link, too, from now on. */
    void drive(NodeLink link) {
        links.add(link);
    }

    /** The end of {@link #drive}. */
    void release(NodeLink link) {
        links.remove(link);
    }

    /** See {@link ProcessGroup#await}. */
    void await(Wait wait) {
        Thread outer = waiter;
        requireOneThread(outer);
        waiter = Thread.currentThread();
        try {
            loop(wait);
        } finally {
            waiter = outer;
        }
    }

    /** Of two threads that wait at once, one most likely comes to know: else they would share a transport in disorder. */
    private void requireOneThread(@Nullable Thread other) {
        Thread self = Thread.currentThread();
        if (other != null && !other.equals(self)) {
            throw new IllegalStateException(
                    ("thread '%s' waits in a group of rank %d while thread '%s' does; a group and all that are split from it belong"
                                    + " to one thread: give the other a duplicate of the group of all ranks")
                            .formatted(self.getName(), rank, other.getName()));
        }
    }

    /** See {@link ProcessGroup#wake}. */
    void wake() {
        LockSupport.unpark(waiter);
    }

    private void loop(Wait wait) {
        long began = System.nanoTime();
        int idle = 0;
        while (true) {
            boolean moved;
            try {
                moved = transport.progress();
                for (NodeLink link : links) {
                    moved |= link.progress();
                }
                if (wait.done()) {
                    liveness.progressed();
                    return;
                }
            } catch (RuntimeException e) {
                throw firstCause(e, wait);
            }
            if (moved || wait.computing()) {
                liveness.progressed();
            }
            throwFailure(wait, began);
            idle = moved ? 0 : idle + 1;
            rest(idle);
        }
    }

    private void rest(int idle) {
        if (idle <= SPINS) {
            Thread.onSpinWait();
        } else {
            int doublings = Math.min(idle - SPINS, 16);
            transport.park(Math.min(SHORTEST_PARK_NANOS << doublings, LONGEST_PARK_NANOS));
        }
    }

    private void throwFailure(Wait wait, long began) {
        if (liveness.failure() == null) {
            Failure own = ownFailure(wait, began);
            if (own != null) {
                liveness.report(own);
            }
        }
        Failure first = liveness.failure();
        if (first != null) {
            throw seen(first, wait);
        }
    }

    private @Nullable Failure ownFailure(Wait wait, long began) {
        long now = System.nanoTime();
        if (timeouts.job().isPresent() && now - jobBegan > timeouts.job().get().toNanos()) {
            return nobody(
                    Cause.DEADLINE,
                    "the job reached its deadline of %s while rank %d waited for %s",
                    timeouts.job().get(),
                    wait);
        }
        // A rank that comes late to a wait starts the clock anew: before, nobody may have had anything to do.
        long quiet = Math.min(now - began, now - liveness.lastProgressNanos());
        if (quiet > timeouts.stall().toNanos()) {
            return nobody(
                    Cause.STALLED, "no rank made progress for %s while rank %d waited for %s", timeouts.stall(), wait);
        }
        if (Thread.currentThread().isInterrupted()) {
            return new Failure(rank, "?", 0, Cause.CANCELLED, "was interrupted while it waited for " + wait.describe());
        }
        return null;
    }

    private Failure nobody(Cause cause, String detail, Duration limit, Wait wait) {
        String seconds = limit.toMillis() / 1000.0 + " s";
        return new Failure(-1, "?", 0, cause, detail.formatted(seconds, rank, wait.describe()));
    }

    /** Once a rank has failed, its memory may vanish under a copy: the failure is then the cause, not the access. */
    private RuntimeException firstCause(RuntimeException thrown, Wait wait) {
        Failure first = liveness.failure();
        if (first == null || thrown instanceof GroupFailureException) {
            return thrown;
        }
        GroupFailureException exception = seen(first, wait);
        exception.initCause(thrown);
        return exception;
    }

    private GroupFailureException seen(Failure first, Wait wait) {
        return new GroupFailureException(first, "rank %d waited for %s".formatted(rank, wait.describe()));
    }
}
