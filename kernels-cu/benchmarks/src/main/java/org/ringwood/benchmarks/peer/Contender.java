package org.ringwood.benchmarks.peer;

import org.ringwood.benchmarks.workload.Quantity;

/**
 * One kernel, ready to compute one workload again and again. It is used and closed by the thread that prepared it.
 */
public interface Contender extends AutoCloseable {
    /**
     * Computes the workload's pass once; returns when all of its results are in memory.
     *
     * @throws IllegalStateException if it can't; the message says why
     */
    void attend();

    /** Widens the last result for a row's head into {@code into[0, dim)}; {@code of} is one of the pass's results. */
    void read(Quantity of, long row, int head, float[] into);

    /** Frees what was prepared. */
    @Override
    void close();
}
