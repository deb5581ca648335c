package org.ringwood.collectives;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Counts what all ranks of a test do, without their messages. */
public interface Tally {
    /** Among threads. */
    static Tally ofThreads() {
        AtomicInteger count = new AtomicInteger();
        return new Tally() {
            @Override
            public void add() {
                count.incrementAndGet();
            }

            @Override
            public int count() {
                return count.get();
            }
        };
    }

    void add();

    int count();

    /** Waits until so many have been counted. */
    default void awaitAtLeast(int expected) {
        while (count() < expected) {
            LockSupport.parkNanos(100_000);
        }
    }
}
