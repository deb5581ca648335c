package org.ringwood.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Lowers slices of global positions to slices of the rows of two tensors.
 *
 * <p>A shard's rows are runs of positions, so a slice falls apart into one piece for each pair of a query run and a key run that
 * it meets. Key runs that follow each other and are admitted whole stay one rectangle, so that a striped shard of a thousand
 * runs gives thousands of pieces and not a million.
 */
public final class RowSlices {
    private static final Comparator<Slice> BY_ROW =
            Comparator.comparingLong(Slice::qFrom).thenComparingLong(Slice::kFrom);

    private static final Comparator<Slice> BY_QUERIES =
            Comparator.comparingLong(Slice::qFrom).thenComparingLong(Slice::qTo).thenComparingLong(Slice::kFrom);

    private static final Comparator<Slice> BY_KEYS =
            Comparator.comparingLong(Slice::kFrom).thenComparingLong(Slice::kTo).thenComparingLong(Slice::qFrom);

    private final Runs queries;
    private final Runs keys;
    private final Polling polling;
    private final List<Slice> pieces = new ArrayList<>();

    private RowSlices(Positions queries, Positions keys, Polling polling) {
        this.queries = new Runs(queries, polling);
        this.keys = new Runs(keys, polling);
        this.polling = polling;
    }

    /**
     * The pairs of rows whose positions the slices admit.
     *
     * @param slices disjoint slices of global positions
     * @param queries positions of the query rows
     * @param keys positions of the key rows
     * @param poll run every now and then; what it throws ends the lowering
     * @return disjoint slices of (query row, key row), sorted by first query and then first key, none empty
     */
    public static List<Slice> lower(List<Slice> slices, Positions queries, Positions keys, Runnable poll) {
        RowSlices lowering = new RowSlices(queries, keys, new Polling(poll));
        for (Slice slice : slices) {
            lowering.polling.step();
            if (!slice.isEmpty()) {
                lowering.addSlice(slice);
            }
        }
        return lowering.joined();
    }

    private void addSlice(Slice slice) {
        int end = queries.firstFrom(slice.qTo());
        for (int i = queries.firstEndingAfter(slice.qFrom()); i < end; i++) {
            polling.step();
            Slice part = slice.clip(queries.from(i), queries.to(i), slice.kFrom(), slice.kTo());
            if (!part.isEmpty()) {
                addKeys(part, queries.shift(i));
            }
        }
    }

    /** Adds the pieces of a slice whose queries lie in one run. */
    private void addKeys(Slice part, long queryShift) {
        int begin = keys.firstEndingAfter(part.kFrom());
        int end = keys.firstFrom(part.kTo());
        // Every query of the part admits the keys [wholeFrom, wholeTo).
        long wholeFrom = part.keyFrom(part.qTo() - 1);
        long wholeTo = part.keyTo(part.qFrom());
        for (int i = begin; i < end; ) {
            polling.step();
            int next = i + 1;
            if (keys.from(i) >= wholeFrom && keys.to(i) <= wholeTo) {
                next = keys.endOfWhole(i, end, wholeTo);
                long row = keys.from(i) + keys.shift(i);
                long rowEnd = keys.to(next - 1) + keys.shift(next - 1);
                pieces.add(Slice.full(part.qFrom() + queryShift, part.qTo() + queryShift, row, rowEnd));
            } else {
                Slice piece = part.clip(part.qFrom(), part.qTo(), keys.from(i), keys.to(i));
                if (!piece.isEmpty()) {
                    pieces.add(piece.shift(queryShift, keys.shift(i)));
                }
            }
            i = next;
        }
    }

    /** Joins full rectangles side by side, then those on top of each other. */
    private List<Slice> joined() {
        pieces.sort(polling.counting(BY_QUERIES));
        List<Slice> wide = new ArrayList<>(pieces.size());
        for (Slice piece : pieces) {
            polling.step();
            if (!wide.isEmpty() && besides(wide.getLast(), piece)) {
                Slice left = wide.removeLast();
                piece = Slice.full(left.qFrom(), left.qTo(), left.kFrom(), piece.kTo());
            }
            wide.add(piece);
        }
        wide.sort(polling.counting(BY_KEYS));
        List<Slice> tall = new ArrayList<>(wide.size());
        for (Slice piece : wide) {
            polling.step();
            if (!tall.isEmpty() && above(tall.getLast(), piece)) {
                Slice upper = tall.removeLast();
                piece = Slice.full(upper.qFrom(), piece.qTo(), upper.kFrom(), upper.kTo());
            }
            tall.add(piece);
        }
        tall.sort(polling.counting(BY_ROW));
        return List.copyOf(tall);
    }

    private static boolean besides(Slice left, Slice right) {
        return left.qFrom() == right.qFrom()
                && left.qTo() == right.qTo()
                && left.kTo() == right.kFrom()
                && left.isFull()
                && right.isFull();
    }

    private static boolean above(Slice upper, Slice lower) {
        return upper.kFrom() == lower.kFrom()
                && upper.kTo() == lower.kTo()
                && upper.qTo() == lower.qFrom()
                && upper.isFull()
                && lower.isFull();
    }

    /** The runs of positions sorted by position, with the rows they stand for. */
    private static final class Runs {
        private final long[] from;
        private final long[] to;
        private final long[] shift;
        /** One past the last run that follows run i without a gap in rows. */
        private final int[] rowsJoinedTo;

        Runs(Positions positions, Polling polling) {
            int count = positions.chunks().size();
            Integer[] order = new Integer[count];
            for (int i = 0; i < count; i++) {
                order[i] = i;
            }
            Arrays.sort(
                    order,
                    polling.counting(Comparator.comparingLong(
                            i -> positions.chunks().get(i).from())));
            from = new long[count];
            to = new long[count];
            shift = new long[count];
            for (int i = 0; i < count; i++) {
                Chunk chunk = positions.chunks().get(order[i]);
                from[i] = chunk.from();
                to[i] = chunk.to();
                shift[i] = positions.firstRow(order[i]) - chunk.from();
            }
            rowsJoinedTo = new int[count];
            for (int i = count - 1; i >= 0; i--) {
                boolean joins = i + 1 < count && to[i] + shift[i] == from[i + 1] + shift[i + 1];
                rowsJoinedTo[i] = joins ? rowsJoinedTo[i + 1] : i + 1;
            }
        }

        long from(int run) {
            return from[run];
        }

        long to(int run) {
            return to[run];
        }

        /** What added to a position of the run gives its row. */
        long shift(int run) {
            return shift[run];
        }

        int firstFrom(long position) {
            return lowerBound(from, 0, from.length, position);
        }

        int firstEndingAfter(long position) {
            return lowerBound(to, 0, to.length, position + 1);
        }

        /** One past the last run before {@code end} that follows {@code run} in rows and does not pass {@code position}. */
        int endOfWhole(int run, int end, long position) {
            return lowerBound(to, run, Math.min(end, rowsJoinedTo[run]), position + 1);
        }

        /** First index in {@code [begin, end)} whose value is not below {@code value}, else {@code end}. */
        private static int lowerBound(long[] sorted, int begin, int end, long value) {
            int low = begin;
            int high = end;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (sorted[middle] < value) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }
    }
}
