package org.ringwood.attention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Slice;

/**
 * The admitted pairs of the first {@code x} rows as a function of {@code x}, where rows are a mask's queries or its keys. The
 * pairs of a row are, over runs of rows, a linear function of it; so a few words a slice hold the function for any length.
 */
final class RowAreas {
    private final long rows;
    private final long area;
    /** Run i has the rows {@code [start[i], start[i + 1])}. */
    private final long[] start;
    /** Pairs of all rows before a run. */
    private final long[] before;
    /** Pairs of the first row of a run. */
    private final long[] first;
    /** Growth from row to row within a run. */
    private final long[] slope;

    /** From {@code at} on, the pairs of row {@code i} are {@code constant + slope * i} more than before. */
    private record Change(long at, long constant, long slope) {}

    /** Rows are the queries of slices. */
    private RowAreas(long rows, Stream<Slice> slices) {
        this.rows = rows;
        List<Change> changes = new ArrayList<>();
        slices.forEach(slice -> addChanges(slice, changes));
        changes.sort(Comparator.comparingLong(Change::at));
        long[] starts = changes.stream().mapToLong(Change::at).distinct().toArray();
        start = Arrays.copyOf(starts, starts.length + 1);
        start[starts.length] = rows;
        before = new long[start.length];
        first = new long[start.length];
        slope = new long[start.length];
        accumulate(changes);
        area = before(rows);
    }

    static RowAreas ofQueries(Mask mask) {
        return new RowAreas(mask.queries(), mask.slices().stream());
    }

    static RowAreas ofKeys(Mask mask) {
        return new RowAreas(mask.keys(), mask.slices().stream().map(RowAreas::transposed));
    }

    private static Slice transposed(Slice slice) {
        return new Slice(slice.kFrom(), slice.kTo(), slice.qFrom(), slice.qTo(), -slice.highest(), -slice.lowest());
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

    private long ofRun(int run, long count) {
        long steps = (count & 1) == 0 ? count / 2 * (count - 1) : count * ((count - 1) / 2);
        return first[run] * count + slope[run] * steps;
    }

    /** Pairs of the rows before {@code x}. */
    long before(long x) {
        int found = Arrays.binarySearch(start, x);
        int run = found >= 0 ? found : -found - 2;
        return run < 0 ? 0 : before[run] + ofRun(run, x - start[run]);
    }

    /** The largest {@code x} with {@code before(x) <= pairs}. */
    private long reach(long pairs) {
        long low = 0;
        long high = rows;
        while (low < high) {
            long middle = (low + high + 1) >>> 1;
            if (before(middle) <= pairs) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** The end of the longest run from {@code from} with at most {@code limit} pairs. */
    private long farthest(long from, long limit) {
        long before = before(from);
        // The sum below cannot overflow, as it is less than the whole area.
        return limit >= area - before ? rows : reach(before + limit);
    }

    /** The smallest {@code x} with {@code before(x) >= pairs}. */
    private long earliest(long pairs) {
        return pairs <= 0 ? 0 : reach(pairs - 1) + 1;
    }

    /**
     * One run of rows a rank, with the smallest largest area over the rank's weight that such runs can have; of the cuts that reach it
     * the one whose cuts are, from the first to the last, nearest to those of runs as long as the weights say.
     */
    List<Chunk> balancedRuns(Weights weights) {
        int ranks = weights.ranks();
        long[] limits = smallestLimits(weights);
        // Cut i must leave so much behind it that the ranks after it suffice: from the end, each takes what its limit
        // lets it.
        long[] notBefore = new long[ranks + 1];
        notBefore[ranks] = rows;
        for (int i = ranks - 1; i > 0; i--) {
            notBefore[i] = earliest(before(notBefore[i + 1]) - limits[i]);
        }
        long[] lengths = weights.shares(rows);
        List<Chunk> runs = new ArrayList<>(ranks);
        long from = 0;
        long even = 0;
        for (int i = 0; i < ranks; i++) {
            even += lengths[i];
            long to = Math.clamp(even, notBefore[i + 1], Math.max(notBefore[i + 1], farthest(from, limits[i])));
            runs.add(new Chunk(from, to));
            from = to;
        }
        return runs;
    }

    /**
     * The area that each rank may have at most, such that runs cover all rows and the largest area over a weight is as small as it can
     * be. That is a fraction with one of the weights below; two such fractions are at least {@code 1 / largest²} apart, so that steps of
     * that size find it exactly.
     */
    private long[] smallestLimits(Weights weights) {
        long whole = smallest(
                Math.ceilDiv(area, weights.sum()),
                Math.ceilDiv(area, weights.largest()),
                level -> covers(limits(weights, level, 0)));
        if (whole == 0) {
            return limits(weights, 0, 0);
        }
        long part = smallest(1, steps(weights), level -> covers(limits(weights, whole - 1, level)));
        return limits(weights, whole - 1, part);
    }

    private static long steps(Weights weights) {
        return (long) weights.largest() * weights.largest();
    }

    /** What each rank may have at an area of {@code whole + part / steps} for a weight of 1. */
    private static long[] limits(Weights weights, long whole, long part) {
        long steps = steps(weights);
        long[] limits = new long[weights.ranks()];
        for (int rank = 0; rank < limits.length; rank++) {
            limits[rank] = whole * weights.of(rank) + part * weights.of(rank) / steps;
        }
        return limits;
    }

    /** The smallest number for which a condition holds that holds for {@code high}, and for all numbers above one for which it holds. */
    private static long smallest(long low, long high, LongPredicate condition) {
        while (low < high) {
            long middle = low + (high - low) / 2;
            if (condition.test(middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** Whether runs of at most these areas cover all rows. */
    private boolean covers(long[] limits) {
        long reached = 0;
        for (int i = 0; i < limits.length && reached < rows; i++) {
            reached = farthest(reached, limits[i]);
        }
        return reached == rows;
    }
}
