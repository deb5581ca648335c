package org.ringwood.kernels.scalar;

/** What every result of a computation in f64 is rounded to. */
enum Arithmetic {
    /** To f64. */
    EXACT {
        @Override
        double rounded(double x) {
            return x;
        }
    },

    /** To f32: of two operands of f32 that is what f32 arithmetic gives. */
    PLAIN {
        @Override
        double rounded(double x) {
            return (float) x;
        }
    };

    abstract double rounded(double x);
}
