package org.ringwood.benchmarks.measure;

import java.util.List;
import java.util.OptionalDouble;
import org.ringwood.benchmarks.workload.KernelCase;
import org.ringwood.benchmarks.workload.Workload;

/**
 * What one case came to; times are medians.
 *
 * @param subject the case
 * @param threads threads of everyone
 * @param own Ringwood's time and error
 * @param exact whether Ringwood's error is within the bounds of the project's contract
 * @param ceiling what the machine can do at most: floating-point operations or, of a decode, bytes a second
 * @param relativeCost time a pair, relative to the baseline's
 * @param peers one outcome a peer
 */
public record Measurement(
        KernelCase subject,
        int threads,
        Timing own,
        boolean exact,
        double ceiling,
        OptionalDouble relativeCost,
        List<Outcome> peers) {

    private static final double LONG_SUMS = 1e-5;

    /**
     * A kernel's time and error.
     *
     * @param seconds of one attention, or of its gradients
     * @param relativeError distance from the f64 oracle in the Euclidean norm, relative to it, over sampled rows
     */
    public record Timing(double seconds, double relativeError) {}

    /** What came of a peer. */
    public sealed interface Outcome {
        /**
         * It attended.
         *
         * @param timing its time and error
         * @param largestDifference of any element of its results from Ringwood's
         */
        record Measured(Timing timing, double largestDifference) implements Outcome {}

        /**
         * It did not.
         *
         * @param reason why, for people
         */
        record Absent(String reason) implements Outcome {}
    }

    /** Floating-point operations or, of a decode, bytes a second at so many seconds an attention. */
    public double rate(Timing timing) {
        Workload workload = subject.workload();
        return (workload.isDecode() ? workload.keyBytes() : workload.flops()) / timing.seconds();
    }

    /** How much longer than Ringwood a peer takes. */
    public double speedup(Timing peer) {
        return peer.seconds() / own.seconds();
    }

    /**
     * Whether a peer computed the same attention; only then is its time worth a comparison. Its error may be that of rounding to the
     * dtype, with a f32 error of 1e-5 for long sums.
     */
    public boolean isSame(Timing peer) {
        double rounding = 2 * subject.workload().dtype().epsilon();
        return peer.relativeError() <= Math.max(LONG_SUMS, rounding);
    }
}
