package org.ringwood.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The global positions of a tensor's rows, in row order: row {@code i} of the tensor is the token at {@code position(i)}.
 * Stored as runs, so a shard of millions of rows costs a few words.
 */
public final class Positions {
    private final List<Chunk> chunks;
    private final long[] firstRow;

    private Positions(List<Chunk> chunks) {
        this.chunks = chunks;
        this.firstRow = new long[chunks.size() + 1];
        for (int i = 0; i < chunks.size(); i++) {
            firstRow[i + 1] = firstRow[i] + chunks.get(i).length();
        }
    }

    /**
     * Rows at the positions of the chunks, one chunk after the other; empty chunks vanish, adjoining ones join.
     *
     * @throws IllegalArgumentException if two chunks overlap
     */
    public static Positions of(List<Chunk> chunks) {
        List<Chunk> joined = new ArrayList<>(chunks.size());
        for (Chunk chunk : chunks) {
            if (chunk.length() == 0) {
                continue;
            }
            if (!joined.isEmpty() && joined.getLast().to() == chunk.from()) {
                joined.set(joined.size() - 1, new Chunk(joined.getLast().from(), chunk.to()));
            } else {
                joined.add(chunk);
            }
        }
        requireDistinct(joined);
        return new Positions(List.copyOf(joined));
    }

    private static void requireDistinct(List<Chunk> chunks) {
        List<Chunk> sorted = new ArrayList<>(chunks);
        sorted.sort(Comparator.comparingLong(Chunk::from));
        for (int i = 1; i < sorted.size(); i++) {
            Chunk before = sorted.get(i - 1);
            Chunk chunk = sorted.get(i);
            if (before.to() > chunk.from()) {
                throw new IllegalArgumentException(
                        "positions " + before + " and " + chunk + " overlap: a token has one row");
            }
        }
    }

    /** Rows at the positions {@code [from, to)}. */
    public static Positions range(long from, long to) {
        return of(List.of(new Chunk(from, to)));
    }

    /** The runs, in row order; none is empty and no two adjoin. */
    public List<Chunk> chunks() {
        return chunks;
    }

    /** Row of the first position of {@code chunks().get(chunk)}. */
    public long firstRow(int chunk) {
        return firstRow[chunk];
    }

    /** Number of rows. */
    public long rows() {
        return firstRow[chunks.size()];
    }

    /** Global position of a row. */
    public long position(long row) {
        if (row < 0 || row >= rows()) {
            throw new IndexOutOfBoundsException("row " + row + " is not among " + rows());
        }
        int found = Arrays.binarySearch(firstRow, row);
        int chunk = found >= 0 ? found : -found - 2;
        return chunks.get(chunk).from() + row - firstRow[chunk];
    }

    /** The positions of rows {@code [from, to)}. */
    public Positions slice(long from, long to) {
        if (from < 0 || to < from || to > rows()) {
            throw new IndexOutOfBoundsException("rows [" + from + ", " + to + ") are not among " + rows());
        }
        List<Chunk> part = new ArrayList<>();
        for (int i = 0; i < chunks.size(); i++) {
            long first = Math.max(from, firstRow[i]);
            long end = Math.min(to, firstRow[i + 1]);
            if (first < end) {
                long shift = chunks.get(i).from() - firstRow[i];
                part.add(new Chunk(first + shift, end + shift));
            }
        }
        return of(part);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Positions that && chunks.equals(that.chunks);
    }

    @Override
    public int hashCode() {
        return chunks.hashCode();
    }

    @Override
    public String toString() {
        return chunks.toString();
    }
}
