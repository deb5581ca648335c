package org.ringwood.runtime.report;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.scalar.Accuracy;

/**
 * What one rank tells at the end of a job.
 *
 * @param rank its rank
 * @param host where it ran
 * @param pid its process
 * @param device what computed, such as {@code cpu, 512-bit vectors, 2 threads}
 * @param threads compute threads
 * @param loadSeconds to load its shard
 * @param writeSeconds to write its part of the output
 * @param runs one a schedule, in the order of the job
 */
public record RankReport(
        int rank,
        String host,
        long pid,
        String device,
        int threads,
        double loadSeconds,
        double writeSeconds,
        List<Run> runs) {

    /**
     * One schedule on one rank.
     *
     * @param schedule its name
     * @param partition who owned which tokens
     * @param seconds from begin to end
     * @param computeSeconds of it with a kernel queued or running
     * @param waitSeconds of it without
     * @param verifySeconds after it, spent on comparing with the oracle
     * @param bytesWithinNode payload sent to ranks of the same node
     * @param bytesAcrossNodes payload sent to ranks of other nodes
     * @param messages messages sent
     * @param hops sequential network steps
     * @param peakTensorBytes largest sum of tensors held at once in memory of the host
     * @param peakDeviceBytes largest sum of tensors held at once in memory of the device, if it has its own
     * @param flops floating-point operations of what was attended
     * @param accuracy how far this rank's rows are from the oracle; null if nothing was compared
     */
    public record Run(
            String schedule,
            String partition,
            double seconds,
            double computeSeconds,
            double waitSeconds,
            double verifySeconds,
            long bytesWithinNode,
            long bytesAcrossNodes,
            long messages,
            long hops,
            long peakTensorBytes,
            long peakDeviceBytes,
            long flops,
            @Nullable Accuracy accuracy) {}

    /** Copies the list. */
    public RankReport {
        runs = List.copyOf(runs);
    }

    /** As JSON, for the way to whoever writes the report. */
    public String toJson() {
        return JsonFormat.text(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws IllegalArgumentException if the text is something else
     */
    public static RankReport fromJson(String json) {
        return JsonFormat.read(RankReport.class, json);
    }
}
