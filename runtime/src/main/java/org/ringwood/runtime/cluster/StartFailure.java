package org.ringwood.runtime.cluster;

import java.net.BindException;
import java.util.Optional;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.runtime.files.InputException;

/** Says in one sentence why a member could not start. */
final class StartFailure {
    private StartFailure() {}

    static RuntimeException explain(ClusterSettings settings, Optional<String> master, RuntimeException failed) {
        for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException
                    || String.valueOf(cause.getMessage()).contains("bind")) {
                return new InputException(
                        "rank " + settings.me().rank() + " cannot listen at " + settings.address() + ":"
                                + settings.port() + " (" + cause.getMessage()
                                + "): choose another network.interface, network.ports or MASTER_PORT",
                        failed);
            }
        }
        if (master.isPresent()) {
            return nobodyAt(
                    settings,
                    "cannot be reached at " + master.get() + " by rank "
                            + settings.me().rank() + " (" + failed.getMessage() + ")");
        }
        return failed;
    }

    static GroupFailureException nobodyAt(ClusterSettings settings, String detail) {
        return new GroupFailureException(new Failure(0, "?", 0, Failure.Cause.SILENT, detail), "joining");
    }
}
