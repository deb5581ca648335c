package org.ringwood.kernels.scalar;

import org.ringwood.kernels.DType;

/**
 * How far attention results are from the f64 oracle, and how far they may be. Results are as good as the inputs and f32 allow: the
 * bound is twice the largest error of the plain f32 computation plus the rounding of the output,
 * {@code |out − ref| ≤ 2·plain + 2ε·max|ref| + 1e-6} and {@code |lse − ref| ≤ 2·plain + 4·2⁻²³·max(1, max|lse|) + 1e-6}. The idea
 * of measuring against a naive computation in the same precision is FlashAttention's.
 *
 * @param dtype element type of the outputs
 * @param rows (row, head) pairs that were judged
 * @param outError largest error of an output element; infinite if one is not finite where the oracle's is
 * @param outPlain largest error of an output element in plain f32 arithmetic, where that is finite
 * @param outLargest largest finite output element
 * @param lseError largest error of a log-sum-exp
 * @param lsePlain largest error of a log-sum-exp in plain f32 arithmetic, where that is finite
 * @param lseLargest largest finite log-sum-exp
 */
public record Accuracy(
        DType dtype,
        long rows,
        double outError,
        double outPlain,
        double outLargest,
        double lseError,
        double lsePlain,
        double lseLargest) {

    private static final double FLOOR = 1e-6;

    /** Nothing judged yet. */
    public static Accuracy none(DType dtype) {
        return new Accuracy(dtype, 0, 0, 0, 0, 0, 0, 0);
    }

    /** Both judgements together: of several rows, or of several ranks. */
    public Accuracy and(Accuracy other) {
        if (dtype != other.dtype) {
            throw new IllegalArgumentException("outputs of " + dtype + " and " + other.dtype + " have no common bound");
        }
        return new Accuracy(
                dtype,
                rows + other.rows,
                Math.max(outError, other.outError),
                Math.max(outPlain, other.outPlain),
                Math.max(outLargest, other.outLargest),
                Math.max(lseError, other.lseError),
                Math.max(lsePlain, other.lsePlain),
                Math.max(lseLargest, other.lseLargest));
    }

    /** Largest error that an output element may have. */
    public double outBound() {
        return 2 * outPlain + 2 * dtype.epsilon() * outLargest + FLOOR;
    }

    /** Largest error that a log-sum-exp may have. */
    public double lseBound() {
        return 2 * lsePlain + 4 * DType.F32.epsilon() * Math.max(1, lseLargest) + FLOOR;
    }

    /** Whether both errors are within their bounds. */
    public boolean holds() {
        return outError <= outBound() && lseError <= lseBound();
    }

    /** Distance of two numbers: 0 if both are the same infinity or both no number, infinite if only one is. */
    static double distance(double actual, double expected) {
        if (Double.compare(actual, expected) == 0) {
            return 0;
        }
        double distance = Math.abs(actual - expected);
        return Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance;
    }
}
