package org.ringwood.runtime.net;

/**
 * How one exchange of one size went, in the columns of nccl-tests.
 *
 * @param run which run measured it
 * @param transport that carried it
 * @param operation {@code sendrecv}, {@code all_gather}, {@code all_to_all} or {@code all_reduce}
 * @param between the nodes of a pair, or {@code all} ranks
 * @param ranks that took part
 * @param nodes that they are on
 * @param sizeBytes of the buffer, as nccl-tests count it: what a rank ends up with
 * @param count elements
 * @param dtype of an element
 * @param redop reduction, or {@code none}
 * @param iterations that were measured
 * @param timeUs mean of an iteration on the slowest rank
 * @param algbwGbS size over time, in 10⁹ bytes a second
 * @param busbwGbS what the links carried for it: comparable between operations and numbers of ranks
 * @param wrong elements that differ from what they must be, over all ranks
 */
public record LinkMeasurement(
        String run,
        String transport,
        String operation,
        String between,
        int ranks,
        int nodes,
        long sizeBytes,
        long count,
        String dtype,
        String redop,
        int iterations,
        double timeUs,
        double algbwGbS,
        double busbwGbS,
        long wrong) {}
