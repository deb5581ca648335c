package org.ringwood.runtime.cluster;

import java.net.BindException;
import java.util.Optional;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.runtime.files.InputException;

/** Says in one sentence why a member could not start. */
final class StartFailure {
    private StartFailure() {}

    /** What is wrong with the port or the address, if that is why. */
    static Optional<RuntimeException> ofPort(ClusterSettings settings, RuntimeException failed) {
        for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException
                    || String.valueOf(cause.getMessage()).contains("bind")) {
                return Optional.of(new InputException(
                        "rank " + settings.me().rank() + " cannot listen at " + settings.address() + ":"
                                + settings.port() + " (" + cause.getMessage()
                                + "): choose another network.interface, network.ports or MASTER_PORT",
                        failed));
            }
        }
        return Optional.empty();
    }

    /** Rank 0 did not appear. */
    static GroupFailureException absent(ClusterSettings settings) {
        return silent("did not appear at " + settings.meeting() + within(settings)
                + "; see why it did not start, or raise timeouts.join");
    }

    /** Somebody listens where rank 0 should, but lets this rank not in. */
    static GroupFailureException outside(ClusterSettings settings, String master, RuntimeException failed) {
        GroupFailureException outside = silent("cannot be reached at " + master + " by rank "
                + settings.me().rank() + within(settings)
                + "; see whether both have one RINGWOOD_TOKEN and cores to run on, or raise timeouts.join");
        outside.initCause(failed);
        return outside;
    }

    private static String within(ClusterSettings settings) {
        return " within " + settings.timeouts().join().toSeconds() + " s";
    }

    private static GroupFailureException silent(String detail) {
        return new GroupFailureException(new Failure(0, "?", 0, Failure.Cause.SILENT, detail), "joining");
    }
}
