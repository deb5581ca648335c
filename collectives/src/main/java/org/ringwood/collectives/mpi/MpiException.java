package org.ringwood.collectives.mpi;

import java.util.concurrent.locks.LockSupport;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;

/** MPI refused a call, or a message failed. */
final class MpiException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final long LOOK_NANOS = 1_000_000;

    MpiException(String message) {
        super(message);
    }

    MpiException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * What is behind it. Mostly this is what a peer's end looks like to MPI, so that whoever watches the peers is given time to say
     * whose; if nobody does within the peer timeout, it is a matter of this rank alone.
     */
    RuntimeException reason(MpiConfig config) {
        long began = System.nanoTime();
        long patience = config.job().timeouts().peer().toNanos();
        Failure first = config.liveness().failure();
        while (first == null
                && System.nanoTime() - began < patience
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(this, LOOK_NANOS);
            first = config.liveness().failure();
        }
        if (first == null) {
            return this;
        }
        GroupFailureException seen =
                new GroupFailureException(first, "rank %d sent and received over MPI".formatted(config.rank()));
        seen.initCause(this);
        return seen;
    }
}
