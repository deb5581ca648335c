package org.ringwood.attention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Slice;

/**
 * The admitted pairs of the first {@code x} queries as a function of {@code x}. The keys that a mask admits for a query are,
 * over runs of queries, a linear function of it; so a few words a slice hold the function for any length.
 */
final class RowAreas {
    private final Mask mask;
    /** Run i has the queries {@code [start[i], start[i + 1])}. */
    private final long[] start;
    /** Pairs of all queries before a run. */
    private final long[] before;
    /** Pairs of the first query of a run. */
    private final long[] first;
    /** Growth from query to query within a run. */
    private final long[] slope;

    /** From {@code at} on, the pairs of query {@code q} are {@code constant + slope * q} more than before. */
    private record Change(long at, long constant, long slope) {}

    RowAreas(Mask mask) {
        this.mask = mask;
        List<Change> changes = new ArrayList<>();
        mask.slices().forEach(slice -> addChanges(slice, changes));
        changes.sort(Comparator.comparingLong(Change::at));
        long[] starts = changes.stream().mapToLong(Change::at).distinct().toArray();
        start = Arrays.copyOf(starts, starts.length + 1);
        start[starts.length] = mask.queries();
        before = new long[start.length];
        first = new long[start.length];
        slope = new long[start.length];
        accumulate(changes);
    }

    private static void addChanges(Slice slice, List<Change> changes) {
        // Within these bounds neither end of a row's keys changes between following its diagonal and resting on the
        // rectangle.
        long[] bends = {slice.qFrom(), slice.kFrom() - slice.lowest(), slice.kTo() - slice.highest(), slice.qTo()};
        for (int i = 0; i < bends.length; i++) {
            bends[i] = Math.clamp(bends[i], slice.qFrom(), slice.qTo());
        }
        Arrays.sort(bends);
        for (int i = 0; i + 1 < bends.length; i++) {
            if (bends[i] < bends[i + 1]) {
                long atStart = width(slice, bends[i]);
                long grows = bends[i] + 1 < bends[i + 1] ? width(slice, bends[i] + 1) - atStart : 0;
                // Products may wrap around; the sums that are used do not, and wrapping addition finds them.
                long constant = atStart - grows * bends[i];
                changes.add(new Change(bends[i], constant, grows));
                changes.add(new Change(bends[i + 1], -constant, -grows));
            }
        }
    }

    private static long width(Slice slice, long q) {
        return slice.keyTo(q) - slice.keyFrom(q);
    }

    private void accumulate(List<Change> changes) {
        long constant = 0;
        int next = 0;
        for (int run = 0; run < start.length; run++) {
            if (run > 0) {
                before[run] = before[run - 1] + ofRun(run - 1, start[run] - start[run - 1]);
                slope[run] = slope[run - 1];
            }
            while (next < changes.size() && changes.get(next).at() == start[run]) {
                constant += changes.get(next).constant();
                slope[run] += changes.get(next).slope();
                next++;
            }
            first[run] = constant + slope[run] * start[run];
        }
    }

    private long ofRun(int run, long queries) {
        long pairs = (queries & 1) == 0 ? queries / 2 * (queries - 1) : queries * ((queries - 1) / 2);
        return first[run] * queries + slope[run] * pairs;
    }

    /** Pairs of the queries before {@code x}. */
    long before(long x) {
        int found = Arrays.binarySearch(start, x);
        int run = found >= 0 ? found : -found - 2;
        return run < 0 ? 0 : before[run] + ofRun(run, x - start[run]);
    }

    /** The largest {@code x} with {@code before(x) <= area}. */
    private long reach(long area) {
        long low = 0;
        long high = mask.queries();
        while (low < high) {
            long middle = (low + high + 1) >>> 1;
            if (before(middle) <= area) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The end of the longest run from {@code from} with at most {@code limit} pairs. */
    private long farthest(long from, long limit) {
        long area = before(from);
        // The sum below cannot overflow, as it is less than the whole area.
        return limit >= mask.area() - area ? mask.queries() : reach(area + limit);
    }

    /** The smallest {@code x} with {@code before(x) >= area}. */
    private long earliest(long area) {
        return area <= 0 ? 0 : reach(area - 1) + 1;
    }

    /** The runs of {@link Partition#balanced}. */
    List<Chunk> balancedRuns(int ranks) {
        long limit = smallestLimit(ranks);
        // Cut i must leave so much behind it that the ranks after it suffice: from the end, each takes what the limit
        // lets it.
        long[] notBefore = new long[ranks + 1];
        notBefore[ranks] = mask.queries();
        for (int i = ranks - 1; i > 0; i--) {
            notBefore[i] = earliest(before(notBefore[i + 1]) - limit);
        }
        List<Chunk> runs = new ArrayList<>(ranks);
        long from = 0;
        for (int i = 1; i <= ranks; i++) {
            long even = mask.queries() / ranks * i + Math.min(i, mask.queries() % ranks);
            long to = Math.clamp(even, notBefore[i], Math.max(notBefore[i], farthest(from, limit)));
            runs.add(new Chunk(from, to));
            from = to;
        }
        return runs;
    }

    /** The smallest area such that {@code ranks} runs of at most that area cover all queries. */
    private long smallestLimit(int ranks) {
        long low = Math.ceilDiv(mask.area(), ranks);
        long high = mask.area();
        while (low < high) {
            long middle = low + (high - low) / 2;
            if (covers(middle, ranks)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private boolean covers(long limit, int ranks) {
        long reached = 0;
        for (int i = 0; i < ranks && reached < mask.queries(); i++) {
            reached = farthest(reached, limit);
        }
        return reached == mask.queries();
    }
}
