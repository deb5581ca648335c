package org.ringwood.collectives;

/**
 * What all ranks of a job know alike.
 *
 * @param nonce random number that tells this job from every other
 * @param epoch generation of the job's groups
 * @param topology which ranks share a node
 * @param timeouts when waiting ends
 */
public record Job(long nonce, int epoch, Topology topology, Timeouts timeouts) {
    /** Number of ranks. */
    public int size() {
        return topology.size();
    }
}
