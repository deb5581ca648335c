package org.ringwood.runtime.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.runtime.outcome.JobFailure;

/**
 * One rank's view of the job: who is there, what all know, how far everybody is, and the first failure. Never on the data
 * path, and nothing relies on it for mutual exclusion.
 */
public interface Coordination extends AutoCloseable {
    /** This rank. */
    Member me();

    /** All ranks, in order. */
    List<Member> members();

    /** Where ranks publish what others need to know. */
    Rendezvous rendezvous();

    /** The health of the job, for everyone who waits. */
    Liveness liveness();

    /** Reports a failure with the exit code it means for every rank; without effect if one is known already. */
    void fail(JobFailure failure);

    /** The first failure, or null. */
    @Nullable
    JobFailure failure();

    /** Tells the others how far this rank is. */
    void tell(Progress progress);

    /** How far each rank was when last heard of, by rank. */
    List<Progress> progress();

    /**
     * Ends the job in order: rank 0 declares it over, every other rank waits for that. From then on nobody's leaving is a failure.
     *
     * @throws org.ringwood.collectives.GroupFailureException if a failure comes first
     */
    void conclude();

    /** Leaves. */
    @Override
    void close();
}
