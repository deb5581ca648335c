package org.ringwood.kernels;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/** Finds the slices that touch a range of queries, without looking at all of them. */
public final class SliceIndex {
    private final Slice[] slices;
    /** Largest {@code qTo} of the slices up to each index; where it is not above a query, no earlier slice reaches it. */
    private final long[] reach;

    /** Indexes slices; empty ones are left out. */
    public SliceIndex(List<Slice> slices) {
        this.slices = slices.stream()
                .filter(slice -> !slice.isEmpty())
                .sorted(Comparator.comparingLong(Slice::qFrom).thenComparingLong(Slice::kFrom))
                .toArray(Slice[]::new);
        this.reach = new long[this.slices.length];
        long furthest = Long.MIN_VALUE;
        for (int i = 0; i < reach.length; i++) {
            furthest = Math.max(furthest, this.slices[i].qTo());
            reach[i] = furthest;
        }
    }

    /** Hands over every slice with a query in {@code [qStart, qEnd)}, in no particular order. */
    public void forEach(long qStart, long qEnd, Consumer<Slice> action) {
        for (int i = firstFrom(qEnd) - 1; i >= 0 && reach[i] > qStart; i--) {
            if (slices[i].qTo() > qStart) {
                action.accept(slices[i]);
            }
        }
    }

    /** The keys that query {@code q} admits: disjoint runs in ascending order. */
    public List<Chunk> keys(long q) {
        List<Chunk> runs = new ArrayList<>();
        forEach(q, q + 1, slice -> runs.add(new Chunk(slice.keyFrom(q), slice.keyTo(q))));
        runs.sort(Comparator.comparingLong(Chunk::from));
        return runs;
    }

    /** Index of the first slice that starts at {@code q} or later. */
    private int firstFrom(long q) {
        int low = 0;
        int high = slices.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (slices[middle].qFrom() < q) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
