package org.ringwood.runtime.sweep;

/**
 * One iteration of a row: what its ranks took together. Of ranks, {@code max}, {@code mean} and {@code min} are the largest, the mean
 * and the smallest; without such a word bytes, messages and flops are sums. Figures that are not known are NaN, and empty in the file.
 *
 * @param run which run measured it; its provenance is in the file of that name
 * @param row id of the row, see {@link Row#id}
 * @param sweep name of the sweep
 * @param scaling how tokens go with workers
 * @param baseline id of the row to compare with; empty for none
 * @param schedule that was asked for
 * @param partition that was asked for
 * @param ranSchedule what that was, if it was auto
 * @param ranPartition what that was, if it was auto
 * @param threads of a worker
 * @param transport that was asked for
 * @param pass forward
 * @param iteration from 0
 * @param timeUs of the slowest rank
 * @param computeUsMean with a kernel queued or running
 * @param waitUsMax without
 * @param bytesInterNodeMax payload that one rank sent to ranks of other nodes
 * @param bytesSentMax payload that one rank sent
 * @param bytesNeeded keys and values that ranks need of others for their queries; NaN where queries are replicated
 * @param hops largest number of sequential network steps of a rank
 * @param flopsMax of the busiest rank
 * @param tokensPerS queries over the time
 * @param predictedUs by the plan, with the run's own link and the rank's own speed on such a piece
 * @param linkBytesPerS what a rank can send while all send to their neighbours, measured at the beginning of the run
 * @param linkShare bytes a second of the rank that sent most, over that
 * @param errorMaxAbs distance from the oracle
 * @param errorBound what it may be
 * @param verifiedPairs (row, head) pairs that were compared; later iterations are compared with the first bit by bit
 */
public record Measurement(
        String run,
        String row,
        String sweep,
        String scaling,
        String baseline,
        String schedule,
        String partition,
        String ranSchedule,
        String ranPartition,
        int workers,
        int nodes,
        int threads,
        String device,
        long tokens,
        long queries,
        int heads,
        int kvHeads,
        int dim,
        int dimV,
        String dtype,
        String mask,
        String transport,
        String pass,
        int iteration,
        double timeUs,
        double timeUsMin,
        double timeUsMean,
        double timeUsMax,
        double computeUsMean,
        double computeUsMax,
        double waitUsMean,
        double waitUsMax,
        long bytesIntraNode,
        long bytesInterNode,
        long bytesInterNodeMax,
        long bytesSentMax,
        double bytesNeeded,
        long messages,
        long hops,
        long peakTensorBytes,
        long flops,
        long flopsMax,
        double tokensPerS,
        double flopsPerS,
        double predictedUs,
        double linkBytesPerS,
        double linkShare,
        double errorMaxAbs,
        double errorBound,
        long verifiedPairs) {

    /** Of the work of the busiest rank over the mean: 1 is perfect balance. */
    public double imbalance() {
        return flops == 0 ? 1 : (double) flopsMax * workers / flops;
    }
}
