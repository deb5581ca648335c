package org.ringwood.runtime.worker;

import java.time.Duration;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.Member;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

/** All ranks were started for the same thing. */
final class Agreement {
    private Agreement() {}

    /**
     * Compares what this rank was given with what rank 0 was.
     *
     * @param digest of what this rank was given
     * @param otherwise what both were given if the digests differ, and the remedy
     * @throws GroupFailureException if they differ, on every rank
     */
    static void on(Coordination coordination, String digest, String otherwise, Duration join) {
        Rendezvous rendezvous = coordination.rendezvous();
        rendezvous.publish(Rendezvous.key("digest", coordination.me().rank()), digest);
        String first = rendezvous.await(Rendezvous.key("digest", 0), join);
        if (!first.equals(digest)) {
            Member zero = coordination.members().getFirst();
            Failure disagreement = coordination
                    .me()
                    .failure(Failure.Cause.DISAGREEMENT, "and rank 0 on " + zero.host() + " were given " + otherwise);
            coordination.fail(new JobFailure(disagreement, ExitStatus.BAD_INPUT));
            throw new GroupFailureException(disagreement, "agreeing on what to do");
        }
    }
}
