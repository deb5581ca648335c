package org.ringwood.runtime.worker;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

/**
 * How a rank ended.
 *
 * @param status its exit code
 * @param failure why, if the job failed
 * @param thrown what stopped this rank, if anything did
 */
record End(
        ExitStatus status,
        Optional<JobFailure> failure,
        @Nullable Throwable thrown) {
    static End of(JobFailure failure) {
        return new End(failure.status(), Optional.of(failure), null);
    }

    static End failed(JobFailure failure, Throwable thrown) {
        return new End(failure.status(), Optional.of(failure), thrown);
    }

    /**
     * A rank did all that it had to.
     *
     * @param violation what is wrong with the result, if anything is
     */
    static End verified(Coordination coordination, Optional<String> violation) {
        return violation
                .map(sentence -> of(new JobFailure(
                        coordination.me().failure(Failure.Cause.ERROR, sentence), ExitStatus.VERIFICATION_FAILED)))
                .orElseGet(() -> new End(ExitStatus.DONE, Optional.empty(), null));
    }

    /**
     * A rank cannot go on: tells every rank; the first failure of the job is the reason. To be called before this rank leaves its
     * group: those who wait for it would take its leaving for the reason.
     */
    static End stopped(Coordination coordination, Throwable thrown) {
        JobFailure own = Classification.of(thrown, coordination.me());
        coordination.fail(own);
        JobFailure first = coordination.failure();
        return failed(Classification.witnessed(first == null ? own : first, thrown), thrown);
    }
}
