package org.ringwood.kernels.cpu;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * Queries that are attended together: consecutive ones in the order (row, head) of all that read one key head, or one of several.
 * So grouped heads share each block of keys, and a single token fills as many lanes as its heads allow.
 *
 * @param keyHead the first key head
 * @param keyHeads number of key heads
 * @param firstHead first query head that reads one of them
 * @param heads number of query heads that read one of them
 * @param first first query
 * @param size number of queries, at most {@link Scratch#GROUP}
 */
record QueryGroup(int keyHead, int keyHeads, int firstHead, int heads, long first, int size) {
    /** Number of tiles. */
    int tiles() {
        return Math.ceilDiv(size, Scratch.LANES);
    }

    /** Queries of a tile. */
    int lanes(int tile) {
        return Math.min(Scratch.LANES, size - tile * Scratch.LANES);
    }

    /** Row of query {@code i}. */
    long row(int i) {
        return (first + i) / heads;
    }

    /** Head of query {@code i}. */
    int head(int i) {
        return firstHead + (int) ((first + i) % heads);
    }

    /** One past the row of the last of {@code count} queries from {@code i} on. */
    long rowEnd(int i, int count) {
        return row(i + count - 1) + 1;
    }

    /** Number of queries from query {@code i} on that lie before row {@code row}, negative if that row is behind. */
    long queriesBefore(long row, int i) {
        return row * heads - (first + i);
    }

    /** Those of the queries whose row is in {@code [from, to)}. */
    QueryGroup rows(long from, long to) {
        int skipped = Math.clamp(queriesBefore(from, 0), 0, size);
        int end = Math.clamp(queriesBefore(to, 0), skipped, size);
        return new QueryGroup(keyHead, keyHeads, firstHead, heads, first + skipped, end - skipped);
    }

    /** What the queries admit of the keys {@code [keyFrom, keyTo)}, sorted by first key. */
    List<Slice> admitted(SliceIndex slices, long keyFrom, long keyTo) {
        long rowFrom = row(0);
        long rowTo = rowEnd(0, size);
        List<Slice> admitted = new ArrayList<>();
        slices.forEach(rowFrom, rowTo, slice -> {
            Slice clipped = slice.clip(rowFrom, rowTo, keyFrom, keyTo);
            if (!clipped.isEmpty()) {
                admitted.add(clipped);
            }
        });
        admitted.sort(Comparator.comparingLong(Slice::kFrom));
        return admitted;
    }
}
