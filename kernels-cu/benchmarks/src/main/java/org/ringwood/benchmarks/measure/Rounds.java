package org.ringwood.benchmarks.measure;

import java.lang.management.ManagementFactory;
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
    /** The rest between turns is a few of these, until no thread spins any more, whoever's it is. */
    private static final long REST_NANOS = 30_000_000;

    /** Processor time of this process in a rest below which none spins; the time is told in steps of 10 ms. */
    private static final long QUIET_NANOS = 15_000_000;

    /** Then the one whose threads spin for ever goes on at the cost of all. */
    private static final int MOST_RESTS = 20;

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
                rest();
                series.samples.add(series.sampler.sample());
            }
            rounds++;
        } while (rounds < LEAST || (rounds < MOST && System.nanoTime() - began < seconds * NANOS));
    }

    private static void rest() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        for (int i = 0; i < MOST_RESTS; i++) {
            long before = system.getProcessCpuTime();
            LockSupport.parkNanos(REST_NANOS);
            if (system.getProcessCpuTime() - before < QUIET_NANOS) {
                return;
            }
        }
    }

    /** The middle number, or the mean of both in the middle. */
    static double median(double... numbers) {
        double[] sorted = numbers.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
