package org.ringwood.attention.execution;

import org.ringwood.collectives.TrafficLedger.Traffic;

/**
 * What one rank did in one run of a plan.
 *
 * @param schedule name of the schedule
 * @param rank this rank
 * @param traffic bytes sent within and across nodes, messages sent, hops
 * @param flops {@code 2·area·heads·(dim + dimV)} of what was attended
 * @param peakTensorBytes queries, keys, values, state, output, lse, and the plan's buffers as far as they were used and were in memory of the host, whether
 *     this rank's or a neighbour's that was read in place
 * @param peakDeviceBytes those in memory of the device's own, with its copies of what the host has; 0 for a device without
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
        long peakDeviceBytes,
        double seconds,
        double computeSeconds,
        double waitSeconds) {}
