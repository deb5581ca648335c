package org.ringwood.collectives;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The liveness of ranks that are threads of one JVM: they share this object. */
final class LocalLiveness implements Liveness {
    private final AtomicReference<@Nullable Failure> first = new AtomicReference<>();
    private final AtomicLong lastProgress = new AtomicLong(System.nanoTime());

    @Override
    public @Nullable Failure failure() {
        return first.get();
    }

    @Override
    public void report(Failure failure) {
        first.compareAndSet(null, failure);
    }

    @Override
    public void progressed() {
        lastProgress.set(System.nanoTime());
    }

    @Override
    public long lastProgressNanos() {
        return lastProgress.get();
    }
}
