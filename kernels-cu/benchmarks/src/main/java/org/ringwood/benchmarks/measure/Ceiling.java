package org.ringwood.benchmarks.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What the machine can do at most: the sum of what threads achieve that run one simple loop at the same time. */
final class Ceiling implements Sampler, AutoCloseable {
    private static final double NANOS = 1e9;
    private static final double SAMPLE_SECONDS = 0.04;

    private final List<Loop> loops;
    private final ExecutorService threads;
    private final CyclicBarrier start;
    private final double warmUpSeconds;
    private boolean warm;

    /** A loop that one thread runs. */
    interface Loop {
        /** Works for well below a millisecond; how much was done, in operations or bytes. */
        double work();
    }

    /** Runs every loop on a thread of its own; before the first sample for {@code warmUpSeconds}, until it is surely compiled. */
    Ceiling(List<? extends Loop> loops, double warmUpSeconds) {
        this.warmUpSeconds = warmUpSeconds;
        this.loops = List.copyOf(loops);
        this.threads = Executors.newFixedThreadPool(
                loops.size(), Thread.ofPlatform().name("ceiling-", 0).daemon().factory());
        this.start = new CyclicBarrier(loops.size());
    }

    /** Warms up unless that was done in another case. */
    @Override
    public void warmUp() {
        long began = System.nanoTime();
        while (!warm) {
            sample();
            warm = System.nanoTime() - began >= warmUpSeconds * NANOS;
        }
    }

    /** Operations or bytes a second. */
    @Override
    public double sample() {
        List<Future<Double>> rates = new ArrayList<>();
        for (Loop loop : loops) {
            rates.add(threads.submit(() -> rate(loop)));
        }
        return rates.stream().mapToDouble(Ceiling::get).sum();
    }

    private double rate(Loop loop) throws InterruptedException, BrokenBarrierException {
        start.await();
        long began = System.nanoTime();
        double work = 0;
        long elapsed;
        do {
            work += loop.work();
            elapsed = System.nanoTime() - began;
        } while (elapsed < SAMPLE_SECONDS * NANOS);
        return work / (elapsed / NANOS);
    }

    private static double get(Future<Double> rate) {
        try {
            return rate.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a ceiling was measured", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("a ceiling could not be measured: " + e.getCause(), e);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
