package org.ringwood.benchmarks.measure;

import org.ringwood.benchmarks.peer.Contender;

/** Seconds that a contender takes to attend once. */
final class Stopwatch implements Sampler {
    private static final double NANOS = 1e9;
    /** A sample takes so long at least: short attentions are repeated, as in the layers of a model. */
    private static final double SAMPLE_SECONDS = 0.02;

    private static final int LEAST_WARM_UP_CALLS = 3;
    /** As each step of compilation makes calls; what noise does at times only makes a warm-up longer. */
    private static final double CLEARLY_FASTER = 0.9;

    private final Contender contender;
    private final double warmUpSeconds;
    private int calls = 1;

    /** Warms up until it has not become clearly faster for {@code warmUpSeconds}. */
    Stopwatch(Contender contender, double warmUpSeconds) {
        this.contender = contender;
        this.warmUpSeconds = warmUpSeconds;
    }

    @Override
    public void warmUp() {
        long improved = System.nanoTime();
        double improvedTo = Double.POSITIVE_INFINITY;
        double fastest = Double.POSITIVE_INFINITY;
        for (int call = 0; call < LEAST_WARM_UP_CALLS || System.nanoTime() - improved < warmUpSeconds * NANOS; call++) {
            fastest = Math.min(fastest, time(1));
            if (fastest < CLEARLY_FASTER * improvedTo) {
                improvedTo = fastest;
                improved = System.nanoTime();
            }
        }
        calls = (int) Math.ceil(SAMPLE_SECONDS / fastest);
    }

    @Override
    public double sample() {
        if (calls > 1) {
            contender.attend();
        }
        return time(calls);
    }

    private double time(int count) {
        long began = System.nanoTime();
        for (int i = 0; i < count; i++) {
            contender.attend();
        }
        return (System.nanoTime() - began) / NANOS / count;
    }
}
