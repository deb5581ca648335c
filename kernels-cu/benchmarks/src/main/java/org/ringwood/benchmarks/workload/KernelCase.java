package org.ringwood.benchmarks.workload;

import java.util.Optional;
import org.ringwood.kernels.DType;

/**
 * A row of the table.
 *
 * @param workload what is attended
 * @param baseline what its time is compared with, pair for pair, if anything: the plain shape of a tail, the full mask of a window
 * @param eachCount whether it is measured with 1 thread and with all; only with all otherwise
 */
public record KernelCase(Workload workload, Optional<Baseline> baseline, boolean eachCount) {
    /**
     * Another workload in the same rounds.
     *
     * @param name what makes it different, for people
     * @param workload what is attended
     */
    public record Baseline(String name, Workload workload) {}

    /** A case with its natural baseline: dropout is compared with none, a sparse mask with the full one, 16-bit elements with 32-bit ones. */
    public static KernelCase of(Workload workload) {
        return new KernelCase(workload, naturalBaseline(workload), false);
    }

    private static Optional<Baseline> naturalBaseline(Workload workload) {
        if (workload.dropout() > 0) {
            return Optional.of(new Baseline("no dropout", workload.withDropout(0)));
        }
        Masking masking = workload.masking();
        if (masking instanceof Masking.Window || masking instanceof Masking.Documents) {
            return Optional.of(new Baseline("full", workload.withMasking(new Masking.Full())));
        }
        if (workload.dtype() != DType.F32) {
            return Optional.of(new Baseline("f32", workload.withDtype(DType.F32)));
        }
        return Optional.empty();
    }

    /** This compared with the same shape of other length. */
    public KernelCase against(long tokens) {
        Baseline even = new Baseline(tokens + " rows", workload.withTokens(tokens));
        return new KernelCase(workload, Optional.of(even), eachCount);
    }

    /** This with 1 thread and with all. */
    public KernelCase withEachCount() {
        return new KernelCase(workload, baseline, true);
    }

    /**
     * Time of a pair, relative to that of a pair of the baseline.
     *
     * @param seconds of the workload
     * @param baselineSeconds of the baseline, which must be there
     */
    public double relativeCost(double seconds, double baselineSeconds) {
        Workload other = baseline.orElseThrow().workload();
        return seconds / workload.flops() / (baselineSeconds / other.flops());
    }
}
