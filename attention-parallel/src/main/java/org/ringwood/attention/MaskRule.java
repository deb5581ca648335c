package org.ringwood.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * What is admitted, told for sequences of any length; {@link #over} makes it a {@link Mask}. Rules combine:
 *
 * <pre>{@code
 * MaskRule.causal().and(MaskRule.window(1023, 0, 4)).inDocuments(List.of(0L, 120L, 1248L, 4232L)).inBatch(2).over(8464, 8464)
 * }</pre>
 *
 * <p>Positions: key {@code k} stands at {@code k}. With Nq queries and Nk keys, query row {@code i} stands at
 * {@code Nk - Nq + i}: both sequences end together. Inside a document or an item of a batch the rule sees that part alone, so
 * positions, windows and sinks count from its own start.
 */
public sealed interface MaskRule {
    /** A window's reach that has no bound. */
    long UNBOUNDED = Long.MAX_VALUE;

    /** The admitted pairs of a sequence as disjoint slices, in any order; empty slices may be among them. */
    List<Slice> slices(long queries, long keys);

    /**
     * The mask of this rule for a sequence.
     *
     * @throws IllegalArgumentException if the rule does not fit these lengths; the message says why
     */
    default Mask over(long queries, long keys) {
        Mask.requireLength("queries", queries);
        Mask.requireLength("keys", keys);
        return Mask.of(queries, keys, slices(queries, keys));
    }

    /** Every query attends every key. */
    static MaskRule full() {
        return new Window(UNBOUNDED, UNBOUNDED, 0);
    }

    /** A query attends the keys up to its own position. */
    static MaskRule causal() {
        return new Window(UNBOUNDED, 0, 0);
    }

    /** A query attends the keys around it and the first keys of all; see {@link Window}. */
    static MaskRule window(long left, long right, long sinks) {
        return new Window(left, right, sinks);
    }

    /** Rectangles in row indices of queries and keys; see {@link Rectangles}. */
    static MaskRule rectangles(List<Rectangle> rectangles) {
        return new Rectangles(rectangles);
    }

    /**
     * Blocks of {@code queryBlock} queries and {@code keyBlock} keys, the last ones maybe shorter.
     *
     * @param keyBlocks for every block of queries the blocks of keys that it attends, each named once
     */
    static MaskRule blockSparse(long queryBlock, long keyBlock, List<List<Integer>> keyBlocks) {
        return new BlockSparse(queryBlock, keyBlock, keyBlocks);
    }

    /**
     * Documents that all attend the first one wholly, besides what {@code inside} admits within each of them.
     *
     * @param documents as for {@link #inDocuments(List)}; the first document is the shared prefix
     */
    static MaskRule sharedPrefix(List<Long> documents, MaskRule inside) {
        return new SharedPrefix(new Documents(documents, documents, inside));
    }

    /** What both rules admit. */
    default MaskRule and(MaskRule other) {
        return new And(this, other);
    }

    /** What either rule admits; no pair may be admitted by both. */
    default MaskRule or(MaskRule other) {
        return new Or(this, other);
    }

    /** This rule inside every document; a document attends only to itself. For as many queries as keys. */
    default MaskRule inDocuments(List<Long> documents) {
        return inDocuments(documents, documents);
    }

    /** This rule inside every document, which may have other lengths in queries than in keys; see {@link Documents}. */
    default MaskRule inDocuments(List<Long> queryDocuments, List<Long> keyDocuments) {
        return new Documents(queryDocuments, keyDocuments, this);
    }

    /** This rule inside each of {@code items} parts of equal length, concatenated along tokens. */
    default MaskRule inBatch(int items) {
        return new Batch(items, this);
    }

    /**
     * Admits key {@code k} for position {@code p} if {@code p - left <= k <= p + right}, or if {@code k < sinks} and
     * {@code k <= p + right}. Both reaches {@link #UNBOUNDED} is the full mask; a right reach of 0 is causal.
     *
     * @param left keys before the query's position, 0 or more
     * @param right keys after the query's position, 0 or more
     * @param sinks first keys that are attended however far away, 0 or more
     */
    record Window(long left, long right, long sinks) implements MaskRule {
        /** @throws IllegalArgumentException if a number is negative */
        public Window {
            if (left < 0 || right < 0 || sinks < 0) {
                throw new IllegalArgumentException("a window with left " + left + ", right " + right + " and sinks "
                        + sinks + " has a negative one; give 0 or more, or leave it unbounded");
            }
        }

        @Override
        public List<Slice> slices(long queries, long keys) {
            // Reaches beyond both lengths change nothing; cut, they cannot overflow.
            long reach = queries + keys;
            long own = keys - queries;
            long lowest = own - Math.min(left, reach);
            long highest = own + Math.min(right, reach);
            Slice band = new Slice(0, queries, 0, keys, lowest, highest);
            Slice leftOfBand = new Slice(0, queries, 0, Math.min(sinks, keys), -reach, lowest - 1);
            return List.of(band, leftOfBand);
        }
    }

    /**
     * A rectangle of row indices and how its corners are cut: causal admits {@code k <= q - qTo + kTo}, inverse-causal
     * {@code k >= q - qFrom + kFrom}, bi-causal what both admit.
     *
     * @param qFrom first query
     * @param qTo one past the last query, not below the first
     * @param kFrom first key
     * @param kTo one past the last key, not below the first
     * @param kind which corners are cut
     */
    record Rectangle(long qFrom, long qTo, long kFrom, long kTo, Slice.Kind kind) {
        /** @throws IllegalArgumentException if a bound is negative or reversed */
        public Rectangle {
            if (qFrom < 0 || qTo < qFrom || kFrom < 0 || kTo < kFrom) {
                throw new IllegalArgumentException("slice [" + qFrom + ", " + qTo + ") x [" + kFrom + ", " + kTo
                        + ") has negative or reversed bounds; give 0 <= from <= to");
            }
        }

        Slice within(long queries, long keys) {
            if (qTo > queries || kTo > keys) {
                throw Mask.leaves("[" + qFrom + ", " + qTo + ") x [" + kFrom + ", " + kTo + ") " + kind, queries, keys);
            }
            return Slice.of(qFrom, qTo, kFrom, kTo, kind);
        }
    }

    /**
     * Rectangles that must not overlap where they admit.
     *
     * @param rectangles in any order
     */
    record Rectangles(List<Rectangle> rectangles) implements MaskRule {
        /** Copies the list. */
        public Rectangles {
            rectangles = List.copyOf(rectangles);
        }

        @Override
        public List<Slice> slices(long queries, long keys) {
            return rectangles.stream()
                    .map(rectangle -> rectangle.within(queries, keys))
                    .toList();
        }
    }

    /**
     * Made by {@link MaskRule#blockSparse}.
     *
     * @param queryBlock queries of a block
     * @param keyBlock keys of a block
     * @param keyBlocks for every block of queries the blocks of keys that it attends
     */
    record BlockSparse(long queryBlock, long keyBlock, List<List<Integer>> keyBlocks) implements MaskRule {
        /** @throws IllegalArgumentException if a block is empty or a key block is named twice */
        public BlockSparse {
            if (queryBlock < 1 || keyBlock < 1) {
                throw new IllegalArgumentException("blocks of " + queryBlock + " queries and " + keyBlock
                        + " keys are empty; give at least 1 of each");
            }
            keyBlocks = keyBlocks.stream().map(List::copyOf).toList();
            for (int row = 0; row < keyBlocks.size(); row++) {
                if (new TreeSet<>(keyBlocks.get(row)).size()
                        < keyBlocks.get(row).size()) {
                    throw new IllegalArgumentException(
                            "query block " + row + " names a key block twice; name each block once");
                }
            }
        }

        @Override
        public List<Slice> slices(long queries, long keys) {
            long rows = Math.ceilDiv(queries, queryBlock);
            long columns = Math.ceilDiv(keys, keyBlock);
            if (keyBlocks.size() != rows) {
                throw new IllegalArgumentException("the block mask has " + keyBlocks.size() + " rows of blocks, but "
                        + queries + " queries make " + rows + " blocks of " + queryBlock + "; give one row a block");
            }
            List<Slice> slices = new ArrayList<>();
            for (int row = 0; row < rows; row++) {
                long qFrom = row * queryBlock;
                long qTo = Math.min(qFrom + queryBlock, queries);
                for (int column : keyBlocks.get(row)) {
                    if (column < 0 || column >= columns) {
                        throw new IllegalArgumentException("query block " + row + " attends key block " + column
                                + ", but there are " + columns + " blocks of keys; give 0 to " + (columns - 1));
                    }
                    long kFrom = column * keyBlock;
                    slices.add(Slice.full(qFrom, qTo, kFrom, Math.min(kFrom + keyBlock, keys)));
                }
            }
            return slices;
        }
    }

    /**
     * A rule inside every document. Document {@code i} has the queries {@code [queryDocuments[i], queryDocuments[i + 1])} and
     * the keys {@code [keyDocuments[i], keyDocuments[i + 1])}; with fewer queries than keys both end together. Empty documents
     * are legal.
     *
     * @param queryDocuments cumulative lengths from 0 to the number of queries
     * @param keyDocuments cumulative lengths from 0 to the number of keys, as many as of queries
     * @param inside the rule inside a document
     */
    record Documents(List<Long> queryDocuments, List<Long> keyDocuments, MaskRule inside) implements MaskRule {
        /** @throws IllegalArgumentException if the bounds fall, do not start at 0, or are not as many */
        public Documents {
            queryDocuments = new DocumentBounds(queryDocuments).bounds();
            keyDocuments = new DocumentBounds(keyDocuments).bounds();
            if (queryDocuments.size() != keyDocuments.size()) {
                throw new IllegalArgumentException("there are " + (queryDocuments.size() - 1)
                        + " documents of queries, but " + (keyDocuments.size() - 1)
                        + " of keys; give both for every document");
            }
        }

        @Override
        public List<Slice> slices(long queries, long keys) {
            DocumentBounds ofQueries = DocumentBounds.of(queryDocuments, "queries", queries);
            DocumentBounds ofKeys = DocumentBounds.of(keyDocuments, "keys", keys);
            List<Slice> slices = new ArrayList<>();
            for (int i = 0; i < ofQueries.count(); i++) {
                Chunk q = ofQueries.document(i);
                Chunk k = ofKeys.document(i);
                for (Slice slice : inside.slices(q.length(), k.length())) {
                    slices.add(slice.shift(q.from(), k.from()));
                }
            }
            return slices;
        }
    }

    /**
     * Made by {@link MaskRule#sharedPrefix}.
     *
     * @param documents the first of them is the prefix
     */
    record SharedPrefix(Documents documents) implements MaskRule {
        @Override
        public List<Slice> slices(long queries, long keys) {
            List<Slice> slices = new ArrayList<>(documents.slices(queries, keys));
            if (documents.queryDocuments().size() > 1) {
                slices.add(Slice.full(
                        documents.queryDocuments().get(1),
                        queries,
                        0,
                        documents.keyDocuments().get(1)));
            }
            return slices;
        }
    }

    /**
     * A rule inside every item of a batch.
     *
     * @param items number of items, at least 1
     * @param item the rule inside an item
     */
    record Batch(int items, MaskRule item) implements MaskRule {
        /** @throws IllegalArgumentException if there is no item */
        public Batch {
            if (items < 1) {
                throw new IllegalArgumentException("a batch of " + items + " items is empty; give at least 1");
            }
        }

        @Override
        public List<Slice> slices(long queries, long keys) {
            if (queries % items != 0 || keys % items != 0) {
                throw new IllegalArgumentException(queries + " queries and " + keys + " keys do not make " + items
                        + " items of equal length; give documents instead");
            }
            List<Slice> one = item.slices(queries / items, keys / items);
            List<Slice> slices = new ArrayList<>(one.size() * items);
            for (int i = 0; i < items; i++) {
                for (Slice slice : one) {
                    slices.add(slice.shift(i * (queries / items), i * (keys / items)));
                }
            }
            return slices;
        }
    }

    /**
     * What both rules admit.
     *
     * @param one a rule
     * @param other a rule
     */
    record And(MaskRule one, MaskRule other) implements MaskRule {
        @Override
        public List<Slice> slices(long queries, long keys) {
            return Mask.intersection(one.slices(queries, keys), new SliceIndex(other.slices(queries, keys)));
        }
    }

    /**
     * What either rule admits.
     *
     * @param one a rule
     * @param other a rule that admits no pair of the first
     */
    record Or(MaskRule one, MaskRule other) implements MaskRule {
        @Override
        public List<Slice> slices(long queries, long keys) {
            List<Slice> slices = new ArrayList<>(one.slices(queries, keys));
            slices.addAll(other.slices(queries, keys));
            return slices;
        }
    }
}
