package org.ringwood.kernels.scalar;

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

        boolean holds() {
            return error <= bound();
        }
    }

    /** Whether all errors are within their bounds. */
    public boolean holds() {
        return queries.holds() && keys.holds() && values.holds();
    }
}
