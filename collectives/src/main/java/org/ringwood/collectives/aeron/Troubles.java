package org.ringwood.collectives.aeron;

import io.aeron.exceptions.DriverTimeoutException;
import org.agrona.ErrorHandler;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Liveness;

/**
 * Where what goes wrong is told. Aeron's own errors are often mere warnings, so they are remembered, and added to the failure that
 * they may explain. Used by Aeron's threads as well.
 */
final class Troubles implements ErrorHandler {
    private final Liveness liveness;
    private volatile @Nullable Throwable latest;
    private volatile boolean driverSilent;

    Troubles(Liveness liveness) {
        this.liveness = liveness;
    }

    /** An error or a warning of Aeron. */
    @Override
    public void onError(Throwable throwable) {
        latest = throwable;
        driverSilent |= throwable instanceof DriverTimeoutException;
    }

    /** Whether the client has given up the driver; else a closed client was given up by the driver. */
    boolean isDriverSilent() {
        return driverSilent;
    }

    boolean failed() {
        return liveness.failure() != null;
    }

    /** A rank that is known only by its number. */
    void report(int rank, Cause cause, String detail) {
        report(rank, "?", 0, cause, detail);
    }

    void report(Peer peer, Cause cause, String detail) {
        report(peer.rank(), peer.address().host(), peer.address().pid(), cause, detail);
    }

    private void report(int rank, String host, long pid, Cause cause, String detail) {
        liveness.report(new Failure(rank, host, pid, cause, detail + hint()));
    }

    /** What Aeron said last, in brackets; empty if nothing. */
    private String hint() {
        Throwable error = latest;
        return error == null ? "" : " (Aeron said: " + error + ")";
    }
}
