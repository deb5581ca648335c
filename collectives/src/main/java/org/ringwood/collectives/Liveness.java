package org.ringwood.collectives;

import org.jspecify.annotations.Nullable;

/**
 * What is known about the health of the ranks of a job. Written by whoever learns something (a control connection, the
 * runtime's membership, a local error), polled by every wait. The first failure stays the cause.
 */
public interface Liveness extends AutoCloseable {
    /** The liveness of ranks that are threads of one JVM; they share it. */
    static Liveness local() {
        return new LocalLiveness();
    }

    /** The first failure, or null while all is well. */
    @Nullable
    Failure failure();

    /** Reports a failure to every rank; without effect if one is known already. */
    void report(Failure failure);

    /** Notes that this rank made progress: bytes moved, or a kernel is running. */
    void progressed();

    /** {@link System#nanoTime()} of the latest progress that any rank is known to have made. */
    long lastProgressNanos();

    /** Leaves in order: from now on the silence of this rank is no failure. Called by the group that it belongs to, once closed. */
    @Override
    default void close() {}
}
