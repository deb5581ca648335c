package org.ringwood.kernels.scalar;

import java.util.function.IntToDoubleFunction;
import org.ringwood.kernels.DType;

/**
 * How far gradients are from those of the f64 oracle, and how far they may be: as {@link Accuracy}, twice the largest error of the plain f32
 * computation plus a rounding, {@code |gradient − ref| ≤ 2·plain + 2ε·max|ref| + 1e-6}.
 *
 * @param queries of the queries
 * @param keys of the keys
 * @param values of the values
 */
public record GradientAccuracy(Distance queries, Distance keys, Distance values) {
    private static final double FLOOR = 1e-6;

    /**
     * The distance of a tensor of gradients.
     *
     * @param error largest error of an element; infinite if one is not finite where the oracle's is
     * @param plain largest error of an element in plain f32 arithmetic, where that is finite
     * @param largest largest finite element
     * @param epsilon of the elements' dtype
     */
    public record Distance(double error, double plain, double largest, double epsilon) {
        /** Largest error that an element may have. */
        public double bound() {
            return 2 * plain + 2 * epsilon * largest + FLOOR;
        }

        /** The distance of both, as of one tensor; of one dtype. */
        public Distance and(Distance other) {
            return new Distance(
                    Math.max(error, other.error),
                    Math.max(plain, other.plain),
                    Math.max(largest, other.largest),
                    epsilon);
        }

        boolean holds() {
            return error <= bound();
        }
    }

    /** Where f32 overflows it sets no yardstick. */
    static Distance distance(
            int elements,
            IntToDoubleFunction actual,
            IntToDoubleFunction exact,
            IntToDoubleFunction plain,
            DType dtype) {
        double error = 0;
        double yardstick = 0;
        double largest = 0;
        for (int i = 0; i < elements; i++) {
            double truth = exact.applyAsDouble(i);
            error = Math.max(error, Accuracy.distance(actual.applyAsDouble(i), truth));
            yardstick = Math.max(yardstick, ifFinite(Accuracy.distance(plain.applyAsDouble(i), truth)));
            largest = Math.max(largest, ifFinite(Math.abs(truth)));
        }
        return new Distance(error, yardstick, largest, dtype.epsilon());
    }

    private static double ifFinite(double size) {
        return Double.isFinite(size) ? size : 0;
    }

    /** Whether all errors are within their bounds. */
    public boolean holds() {
        return queries.holds() && keys.holds() && values.holds();
    }
}
