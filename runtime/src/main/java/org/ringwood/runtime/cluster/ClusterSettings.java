package org.ringwood.runtime.cluster;

import org.ringwood.collectives.Timeouts;

/**
 * What a rank needs to join its job.
 *
 * @param me this rank
 * @param size number of ranks
 * @param address the one address that this rank listens at
 * @param port the port it listens at, 0 for any free one
 * @param meeting how rank 0 is found
 * @param token the secret of the job; who does not know it does not get in
 * @param timeouts when waiting ends
 */
public record ClusterSettings(
        Member me, int size, String address, int port, MeetingPoint meeting, String token, Timeouts timeouts) {
    /** Without the token, so that it ends up in no log. */
    @Override
    public String toString() {
        return "rank " + me.rank() + " of " + size + " at " + address + ":" + port + ", meeting at " + meeting;
    }
}
