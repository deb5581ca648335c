package org.ringwood.kernels;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds the slices that touch a range of queries, in time logarithmic in their number: an interval tree laid over the slices
 * sorted by first query, each subtree a run of them with the furthest query that it reaches at its middle.
 */
public final class SliceIndex {
    /** By first query, then by first key, then by the other bounds. */
    public static final Comparator<Slice> ORDER = Comparator.comparingLong(Slice::qFrom)
            .thenComparingLong(Slice::kFrom)
            .thenComparingLong(Slice::qTo)
            .thenComparingLong(Slice::kTo)
            .thenComparingLong(Slice::lowest)
            .thenComparingLong(Slice::highest);

    private final List<Slice> slices;
    private final long[] reach;

    /** Indexes slices; empty ones are left out. */
    public SliceIndex(List<Slice> slices) {
        this(slices, () -> {});
    }

    /**
     * Indexes slices; empty ones are left out.
     *
     * @param poll run every now and then; what it throws ends the indexing
     */
    public SliceIndex(List<Slice> slices, Runnable poll) {
        Polling polling = new Polling(poll);
        this.slices = slices.stream()
                .filter(slice -> !slice.isEmpty())
                .sorted(polling.counting(ORDER))
                .toList();
        this.reach = new long[this.slices.size()];
        measure(0, reach.length, polling);
    }

    private long measure(int begin, int end, Polling polling) {
        if (begin == end) {
            return Long.MIN_VALUE;
        }
        polling.step();
        int middle = (begin + end) >>> 1;
        long furthest = Math.max(measure(begin, middle, polling), measure(middle + 1, end, polling));
        reach[middle] = Math.max(furthest, slices.get(middle).qTo());
        return reach[middle];
    }

    /** All slices, in {@link #ORDER}; none is empty. */
    public List<Slice> slices() {
        return slices;
    }

    /** Hands over every slice with a query in {@code [qStart, qEnd)}, in {@link #ORDER}. */
    public void forEach(long qStart, long qEnd, Consumer<Slice> action) {
        visit(0, slices.size(), qStart, qEnd, action);
    }

    private void visit(int begin, int end, long qStart, long qEnd, Consumer<Slice> action) {
        int middle = (begin + end) >>> 1;
        if (begin == end || reach[middle] <= qStart) {
            return;
        }
        visit(begin, middle, qStart, qEnd, action);
        Slice slice = slices.get(middle);
        if (slice.qFrom() >= qEnd) {
            return;
        }
        if (slice.qTo() > qStart) {
            action.accept(slice);
        }
        visit(middle + 1, end, qStart, qEnd, action);
    }

    /** The keys that query {@code q} admits: disjoint runs in ascending order. */
    public List<Chunk> keys(long q) {
        List<Chunk> runs = new ArrayList<>();
        forEach(q, q + 1, slice -> runs.add(new Chunk(slice.keyFrom(q), slice.keyTo(q))));
        runs.sort(Comparator.comparingLong(Chunk::from));
        return runs;
    }
}
