package org.ringwood.benchmarks.measure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures several samplers in turn, round after round, so that whatever disturbs the machine disturbs all of them. Each round begins with
 * another one.
 */
final class Rounds {
    private static final int LEAST = 3;
    private static final int MOST = 99;
    private static final double NANOS = 1e9;
    /** Between turns; idle threads stop spinning within this, whoever's they are. */
    private static final long QUIET_NANOS = 15_000_000;

    private final List<Series> all = new ArrayList<>();

    /** The samples of one who takes part. */
    static final class Series {
        private final Sampler sampler;
        private final List<Double> samples = new ArrayList<>();

        private Series(Sampler sampler) {
            this.sampler = sampler;
        }

        double median() {
            return Rounds.median(
                    samples.stream().mapToDouble(Double::doubleValue).toArray());
        }
    }

    /** One more takes part. */
    Series add(Sampler sampler) {
        Series series = new Series(sampler);
        all.add(series);
        return series;
    }

    /** Warms up, then measures for about {@code seconds}, but three rounds at least. */
    void run(double seconds) {
        all.forEach(series -> series.sampler.warmUp());
        long began = System.nanoTime();
        int rounds = 0;
        do {
            for (int turn = 0; turn < all.size(); turn++) {
                Series series = all.get((rounds + turn) % all.size());
                LockSupport.parkNanos(QUIET_NANOS);
                series.samples.add(series.sampler.sample());
            }
            rounds++;
        } while (rounds < LEAST || (rounds < MOST && System.nanoTime() - began < seconds * NANOS));
    }

    /** The middle number, or the mean of both in the middle. */
    static double median(double... numbers) {
        double[] sorted = numbers.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
