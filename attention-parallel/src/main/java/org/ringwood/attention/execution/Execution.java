package org.ringwood.attention.execution;

import org.ringwood.collectives.TrafficLedger.Traffic;

/**
 * What one rank did in one run of a plan.
 *
 * @param schedule name of the schedule
 * @param rank this rank
 * @param traffic bytes sent within and across nodes, messages sent, hops
 * @param flops {@code 2·area·heads·(dim + dimV)} of what was attended
 * @param peakTensorBytes queries, keys, values, state, output, lse, and the plan's buffers as far as they were used, whether they
 *     were this rank's memory or a neighbour's that was read in place
 * @param seconds from begin to end
 * @param computeSeconds of it with a kernel queued or running
 * @param waitSeconds of it without
 */
public record Execution(
        String schedule,
        int rank,
        Traffic traffic,
        long flops,
        long peakTensorBytes,
        double seconds,
        double computeSeconds,
        double waitSeconds) {}
