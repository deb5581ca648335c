package org.ringwood.runtime.outcome;

import org.ringwood.collectives.Failure;

/** Exit codes of every Ringwood program. */
public enum ExitStatus {
    /** All was done. */
    DONE(0),
    /** Bad usage, input or environment: a file, a key, a port, memory, disk. */
    BAD_INPUT(2),
    /** The result differs from the oracle. */
    VERIFICATION_FAILED(3),
    /** A peer died or fell silent. */
    PEER_LOST(4),
    /** No progress for the stall timeout, or the job's deadline. */
    STALLED(5),
    /** A fault of the program. */
    INTERNAL(70),
    /** Ended by SIGINT. */
    INTERRUPTED(130),
    /** Ended by SIGTERM. */
    TERMINATED(143);

    private final int code;

    ExitStatus(int code) {
        this.code = code;
    }

    /** The exit code. */
    public int code() {
        return code;
    }

    /** What a failure of a kind means for the exit code, if nothing more is known. */
    public static ExitStatus of(Failure.Cause cause) {
        return switch (cause) {
            case DIED, SILENT -> PEER_LOST;
            case STALLED, DEADLINE -> STALLED;
            case CANCELLED -> TERMINATED;
            case ENVIRONMENT -> BAD_INPUT;
            case ERROR, DISAGREEMENT -> INTERNAL;
        };
    }
}
