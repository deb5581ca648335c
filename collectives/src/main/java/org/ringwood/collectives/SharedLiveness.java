package org.ringwood.collectives;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The liveness of one rank's duplicate groups, which it leaves once the last of them is closed. */
final class SharedLiveness implements Liveness {
    private final Liveness liveness;
    private final AtomicInteger open = new AtomicInteger(1);

    SharedLiveness(Liveness liveness) {
        this.liveness = liveness;
    }

    /** For one more group that closes it. */
    SharedLiveness share() {
        open.incrementAndGet();
        return this;
    }

    @Override
    public @Nullable Failure failure() {
        return liveness.failure();
    }

    @Override
    public void report(Failure failure) {
        liveness.report(failure);
    }

    @Override
    public void progressed() {
        liveness.progressed();
    }

    @Override
    public long lastProgressNanos() {
        return liveness.lastProgressNanos();
    }

    @Override
    public void close() {
        if (open.decrementAndGet() == 0) {
            liveness.close();
        }
    }
}
