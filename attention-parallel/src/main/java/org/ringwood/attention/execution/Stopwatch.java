package org.ringwood.attention.execution;

/** Sums up the time in which at least one thing is under way. */
final class Stopwatch {
    private int underWay;
    private long since;
    private long nanos;

    void start() {
        if (underWay++ == 0) {
            since = System.nanoTime();
        }
    }

    void stop() {
        if (--underWay == 0) {
            nanos += System.nanoTime() - since;
        }
    }

    boolean isRunning() {
        return underWay > 0;
    }

    double seconds() {
        return nanos / 1e9;
    }
}
