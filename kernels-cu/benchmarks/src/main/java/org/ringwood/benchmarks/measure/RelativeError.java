package org.ringwood.benchmarks.measure;

/** Adds up how far rows are from the truth, in the Euclidean norm. */
final class RelativeError {
    private double error;
    private double size;

    void add(float[] actual, double[] truth) {
        for (int i = 0; i < actual.length; i++) {
            double difference = actual[i] - truth[i];
            error += difference * difference;
            size += truth[i] * truth[i];
        }
    }

    /** Relative to the truth. */
    double get() {
        return Math.sqrt(error / size);
    }
}
