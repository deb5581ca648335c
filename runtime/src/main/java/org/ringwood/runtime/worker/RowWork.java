package org.ringwood.runtime.worker;

import org.ringwood.collectives.GroupFailureException;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.Progress;
import org.ringwood.runtime.outcome.JobFailure;

/**
 * Work on many rows, such as loading, done in blocks. After each block the others hear how far this rank is, so that long work is
 * not taken for a stall, and the work ends if the job has failed meanwhile.
 */
final class RowWork {
    private static final long BLOCK_BYTES = 32 << 20;

    private final Coordination coordination;
    private final String phase;
    private final long rows;
    private long done;

    /** What is done with the rows {@code [from, to)} of a tensor. */
    @FunctionalInterface
    interface Block {
        void run(long from, long to);
    }

    /**
     * @param phase what people are told that this rank does
     * @param rows that there are in all
     */
    RowWork(Coordination coordination, String phase, long rows) {
        this.coordination = coordination;
        this.phase = phase;
        this.rows = rows;
        tell();
    }

    /**
     * Does a block at a time.
     *
     * @param someRows of one tensor
     * @param rowBytes size of each
     * @throws GroupFailureException if the job failed meanwhile
     */
    void inBlocks(long someRows, long rowBytes, Block work) {
        long step = Math.max(1, BLOCK_BYTES / rowBytes);
        for (long from = 0; from < someRows; from += step) {
            requireJobGoesOn();
            long to = Math.min(someRows, from + step);
            work.run(from, to);
            done += to - from;
            tell();
        }
    }

    private void requireJobGoesOn() {
        JobFailure failure = coordination.failure();
        if (failure != null) {
            throw new GroupFailureException(
                    failure.failure(), "rank " + coordination.me().rank() + " was " + phase);
        }
    }

    private void tell() {
        coordination.tell(new Progress(phase, done, rows));
    }
}
