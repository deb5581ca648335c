package org.ringwood.runtime.cluster;

import org.ringwood.collectives.Failure;

/**
 * A rank and the process behind it.
 *
 * @param rank from 0
 * @param host its host name
 * @param pid its process id
 */
public record Member(int rank, String host, long pid) {
    /** A failure of this member. */
    public Failure failure(Failure.Cause cause, String detail) {
        return new Failure(rank, host, pid, cause, detail);
    }
}
