package org.ringwood.kernels.pool;

/** A phase that runs over rows, cut into ranges of a fixed length. */
public final class RowRanges implements Phase {
    /** What to do with the rows {@code [from, to)}. */
    @FunctionalInterface
    public interface Body {
        /** Handles one range on the given worker. */
        void run(long from, long to, int worker);
    }

    private final long rows;
    private final long length;
    private final Body body;

    /**
     * Cuts rows.
     *
     * @param rows number of rows
     * @param length rows of a range, at least 1; raised where the ranges would be too many to count
     * @param body handles a range
     */
    public RowRanges(long rows, long length, Body body) {
        this.rows = rows;
        this.length = Math.max(length, rows / Integer.MAX_VALUE + 1);
        this.body = body;
    }

    @Override
    public int tasks() {
        return (int) Math.ceilDiv(rows, length);
    }

    @Override
    public void run(int task, int worker) {
        long from = task * length;
        body.run(from, Math.min(rows, from + length), worker);
    }
}
