package org.ringwood.runtime.net;

import java.time.Duration;
import org.ringwood.collectives.ProcessGroup;

/**
 * How long an exchange takes.
 *
 * @param iterations that were measured
 * @param seconds mean of an iteration on the slowest rank
 */
record Timing(int iterations, double seconds) {
    private static final double NANOS = 1e9;

    /**
     * Times an exchange on all ranks: warms up, and goes on for as long as is given, but {@code most} times at most.
     *
     * @param enough time for all measured iterations; one takes place however long it takes
     */
    static Timing of(ProcessGroup group, Exchange exchange, int warmup, int most, Duration enough) {
        exchange.fill();
        long once = run(group, exchange, 1);
        boolean slow = once > enough.toNanos() / 2;
        for (int i = 1; i < warmup && !slow; i++) {
            once = run(group, exchange, 1);
        }
        int iterations = Math.clamp(enough.toNanos() / Math.max(1, once), 1, most);
        return new Timing(iterations, run(group, exchange, iterations) / NANOS / iterations);
    }

    /** Seconds of the slowest rank, in the fastest of some repetitions. */
    static double fastest(ProcessGroup group, Exchange exchange, int repetitions) {
        exchange.fill();
        long fastest = Long.MAX_VALUE;
        for (int i = 0; i < repetitions; i++) {
            fastest = Math.min(fastest, run(group, exchange, 1));
        }
        return fastest / NANOS;
    }

    /** Nanoseconds of the slowest rank. */
    private static long run(ProcessGroup group, Exchange exchange, int times) {
        group.barrier();
        long begin = System.nanoTime();
        for (int i = 0; i < times; i++) {
            exchange.once();
        }
        return Figures.largest(group, System.nanoTime() - begin);
    }
}
