package org.ringwood.kernels;

/**
 * A contiguous run of global token positions.
 *
 * @param from first position
 * @param to one past the last position, not below {@code from}
 */
public record Chunk(long from, long to) {
    /** @throws IllegalArgumentException if the bounds are negative or reversed */
    public Chunk {
        if (from < 0 || to < from) {
            throw new IllegalArgumentException("[" + from + ", " + to + ") is no run of positions");
        }
    }

    /** Number of positions. */
    public long length() {
        return to - from;
    }

    @Override
    public String toString() {
        return "[" + from + ", " + to + ")";
    }
}
