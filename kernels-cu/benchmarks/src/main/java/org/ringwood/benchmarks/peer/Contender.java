package org.ringwood.benchmarks.peer;

/**
 * One attention kernel, ready to attend one workload again and again. It is used and closed by the thread that prepared it.
 */
public interface Contender extends AutoCloseable {
    /**
     * Attends once; returns when the whole output is in memory.
     *
     * @throws IllegalStateException if it can't; the message says why
     */
    void attend();

    /** Widens the last output of a query row's head into {@code into[0, dimV)}. */
    void output(long row, int head, float[] into);

    /** Frees what was prepared. */
    @Override
    void close();
}
