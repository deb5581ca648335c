package org.ringwood.attention;

import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * Finds two slices that overlap, by a sweep over the queries in the manner of Shamos and Hoey. The keys that a slice admits for one
 * query are an interval, and its ends move by at most one key from query to query. So as long as the intervals of the slices under
 * the sweep are disjoint they keep their order, and two that are about to overlap are neighbours first.
 */
final class Disjointness {
    private long query;
    private final TreeSet<Slice> under = new TreeSet<>((a, b) -> Long.compare(a.keyFrom(query), b.keyFrom(query)));

    private Disjointness() {}

    /**
     * Checks non-empty slices.
     *
     * @param slices in {@link SliceIndex#ORDER}
     * @throws IllegalArgumentException naming two slices that overlap
     */
    static void require(List<Slice> slices) {
        Disjointness sweep = new Disjointness();
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

    private void add(Slice slice) {
        query = slice.qFrom();
        require(under.floor(slice), slice);
        require(slice, under.higher(slice));
        under.add(slice);
    }

    private void remove(Slice slice) {
        query = slice.qTo() - 1;
        require(under.lower(slice), under.higher(slice));
        under.remove(slice);
    }

    private static void require(@Nullable Slice a, @Nullable Slice b) {
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
