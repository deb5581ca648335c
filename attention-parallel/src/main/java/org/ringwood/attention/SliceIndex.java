package org.ringwood.attention;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.Slice;

/**
 * Slices sorted by their first query, under a binary tree of the largest end: those that meet a range of queries are found
 * without looking at the others.
 */
final class SliceIndex {
    static final Comparator<Slice> ORDER = Comparator.comparingLong(Slice::qFrom)
            .thenComparingLong(Slice::kFrom)
            .thenComparingLong(Slice::qTo)
            .thenComparingLong(Slice::kTo)
            .thenComparingLong(Slice::lowest)
            .thenComparingLong(Slice::highest);

    private final List<Slice> slices;
    private final int leaves;
    /** Node 1 is the root, node i has the children 2i and 2i + 1, leaf i is node {@code leaves + i}. */
    private final long[] largestEnd;

    SliceIndex(List<Slice> unsorted) {
        slices = unsorted.stream()
                .filter(slice -> !slice.isEmpty())
                .sorted(ORDER)
                .toList();
        leaves = Math.max(1, Integer.highestOneBit(Math.max(1, slices.size() * 2 - 1)));
        largestEnd = new long[2 * leaves];
        for (int i = 0; i < slices.size(); i++) {
            largestEnd[leaves + i] = slices.get(i).qTo();
        }
        for (int node = leaves - 1; node > 0; node--) {
            largestEnd[node] = Math.max(largestEnd[2 * node], largestEnd[2 * node + 1]);
        }
    }

    /** All slices, in order; none is empty. */
    List<Slice> slices() {
        return slices;
    }

    /** Visits, in order, the slices with a query in {@code [qFrom, qTo)}. */
    void visit(long qFrom, long qTo, Consumer<Slice> visitor) {
        if (qFrom < qTo) {
            visit(1, 0, leaves, qFrom, qTo, visitor);
        }
    }

    private void visit(int node, int first, int count, long qFrom, long qTo, Consumer<Slice> visitor) {
        if (first >= slices.size()
                || largestEnd[node] <= qFrom
                || slices.get(first).qFrom() >= qTo) {
            return;
        }
        if (count == 1) {
            visitor.accept(slices.get(first));
            return;
        }
        visit(2 * node, first, count / 2, qFrom, qTo, visitor);
        visit(2 * node + 1, first + count / 2, count / 2, qFrom, qTo, visitor);
    }

    /** The pairs that both indexes admit. */
    List<Slice> intersect(SliceIndex other) {
        List<Slice> common = new ArrayList<>();
        for (Slice mine : slices) {
            other.visit(mine.qFrom(), mine.qTo(), theirs -> {
                Slice both = mine.intersect(theirs);
                if (!both.isEmpty()) {
                    common.add(both);
                }
            });
        }
        return common;
    }

    /**
     * Finds two slices that overlap, by a sweep over the queries in the manner of Shamos and Hoey. The keys that a slice admits
     * for one query are an interval, and its ends move by at most one key from query to query. So as long as the intervals of
     * the slices under the sweep are disjoint they keep their order, and two that are about to overlap are neighbours first.
     *
     * @throws IllegalArgumentException naming both slices
     */
    void requireDisjoint() {
        Sweep sweep = new Sweep();
        List<Slice> byEnd =
                slices.stream().sorted(Comparator.comparingLong(Slice::qTo)).toList();
        int ended = 0;
        for (Slice slice : slices) {
            while (byEnd.get(ended).qTo() <= slice.qFrom()) {
                sweep.remove(byEnd.get(ended++));
            }
            sweep.add(slice);
        }
        while (ended < byEnd.size()) {
            sweep.remove(byEnd.get(ended++));
        }
    }

    private static final class Sweep {
        private long query;
        private final TreeSet<Slice> under = new TreeSet<>((a, b) -> Long.compare(a.keyFrom(query), b.keyFrom(query)));

        void add(Slice slice) {
            query = slice.qFrom();
            requireDisjoint(under.floor(slice), slice);
            requireDisjoint(slice, under.higher(slice));
            under.add(slice);
        }

        void remove(Slice slice) {
            query = slice.qTo() - 1;
            requireDisjoint(under.lower(slice), under.higher(slice));
            under.remove(slice);
        }

        private static void requireDisjoint(@Nullable Slice a, @Nullable Slice b) {
            if (a == null || b == null) {
                return;
            }
            Slice both = a.intersect(b);
            if (!both.isEmpty()) {
                throw new IllegalArgumentException("slices " + Mask.describe(a) + " and " + Mask.describe(b)
                        + " both admit query " + both.qFrom() + " with key " + both.keyFrom(both.qFrom())
                        + "; make the slices disjoint");
            }
        }
    }
}
