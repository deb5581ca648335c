package org.ringwood.benchmarks.workload;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.kernels.Slice;

/** Which keys a query attends; queries and keys end together. */
public sealed interface Masking {
    /** The admitted pairs of one sequence as disjoint slices. */
    List<Slice> slices(long rows, long keys);

    /** Every key. */
    record Full() implements Masking {
        @Override
        public List<Slice> slices(long rows, long keys) {
            return List.of(Slice.full(0, rows, 0, keys));
        }

        @Override
        public String toString() {
            return "full";
        }
    }

    /** The keys up to the query's own position. */
    record Causal() implements Masking {
        @Override
        public List<Slice> slices(long rows, long keys) {
            return List.of(Slice.of(0, rows, 0, keys, Slice.Kind.CAUSAL));
        }

        @Override
        public String toString() {
            return "causal";
        }
    }

    /**
     * The last keys up to the query's own position.
     *
     * @param width number of keys, at least 1
     */
    record Window(long width) implements Masking {
        /** @throws IllegalArgumentException if the window is empty */
        public Window {
            if (width < 1) {
                throw new IllegalArgumentException("a window of " + width + " keys is empty: give 1 or more");
            }
        }

        @Override
        public List<Slice> slices(long rows, long keys) {
            long own = keys - rows;
            return List.of(new Slice(0, rows, 0, keys, own - Math.min(width, keys + rows) + 1, own));
        }

        @Override
        public String toString() {
            return "window:" + width;
        }
    }

    /**
     * Packed documents, each of which attends only to itself; the i-th is i times as long as the first. For as many queries as keys.
     *
     * @param count number of documents, at least 1
     * @param causal whether a query attends only the keys up to its own position
     */
    record Documents(int count, boolean causal) implements Masking {
        /** @throws IllegalArgumentException if there is no document */
        public Documents {
            if (count < 1) {
                throw new IllegalArgumentException(count + " documents hold no token: give 1 or more");
            }
        }

        @Override
        public List<Slice> slices(long rows, long keys) {
            if (rows != keys) {
                throw new IllegalArgumentException("mask=" + this + " is for as many rows as keys, not " + rows
                        + " and " + keys + "; give one number");
            }
            List<Slice> slices = new ArrayList<>(count);
            for (int document = 0; document < count; document++) {
                long from = start(document, rows);
                long to = start(document + 1, rows);
                slices.add(Slice.of(from, to, from, to, causal ? Slice.Kind.CAUSAL : Slice.Kind.FULL));
            }
            return slices;
        }

        private long start(int document, long tokens) {
            long all = (long) count * (count + 1) / 2;
            return tokens * ((long) document * (document + 1) / 2) / all;
        }

        @Override
        public String toString() {
            return (causal ? "causal-documents:" : "documents:") + count;
        }
    }
}
