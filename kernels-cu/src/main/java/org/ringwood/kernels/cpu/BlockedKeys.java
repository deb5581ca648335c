package org.ringwood.kernels.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.ringwood.kernels.Slice;

/** The keys that a group of queries admits, cut into the blocks in which they will be attended. */
final class BlockedKeys {
    private final QueryGroup group;
    private final List<Slice> slices;
    private final OperandLayout.Kind layout;
    /** First key of every block. */
    private final long[] from;

    private BlockedKeys(QueryGroup group, List<Slice> slices, OperandLayout.Kind layout, long[] from) {
        this.group = group;
        this.slices = slices;
        this.layout = layout;
        this.from = from;
    }

    /**
     * Walks over the blocks.
     *
     * @param slices what the group admits, sorted by first key
     */
    static BlockedKeys of(QueryGroup group, List<Slice> slices) {
        long[] from = new long[16];
        int count = 0;
        long keys = 0;
        double pairs = 0;
        KeyBlocks blocks = new KeyBlocks(slices, Scratch.BLOCK);
        for (; blocks.next(); count++) {
            if (count == from.length) {
                from = Arrays.copyOf(from, 2 * count);
            }
            from[count] = blocks.from();
            keys += blocks.to() - blocks.from();
            pairs += (double) (blocks.to() - blocks.from())
                    * reached(group, blocks.slices()).size();
        }
        double queries = pairs / Math.max(1, keys * group.keyHeads());
        return new BlockedKeys(group, slices, OperandLayout.Kind.forQueries(queries), Arrays.copyOf(from, count));
    }

    /** The queries from the first to the last that the slices admit. */
    private static QueryGroup reached(QueryGroup group, List<Slice> slices) {
        long from = Long.MAX_VALUE;
        long to = Long.MIN_VALUE;
        for (Slice slice : slices) {
            from = Math.min(from, slice.qFrom());
            to = Math.max(to, slice.qTo());
        }
        return group.rows(from, to);
    }

    /** Number of blocks. */
    int count() {
        return from.length;
    }

    /** Number of blocks of a single key head. */
    long countOfHeads() {
        return (long) count() * group.keyHeads();
    }

    /** The queries. */
    QueryGroup queries() {
        return group;
    }

    /** Which layout suits the group. */
    OperandLayout.Kind layout() {
        return layout;
    }

    /** All of them as one task. */
    Span whole() {
        return new Span(group, slices, layout);
    }

    /**
     * Cuts them into tasks with about equally many blocks.
     *
     * @param parts number of tasks, no more than blocks
     */
    List<Span> split(int parts) {
        List<Span> spans = new ArrayList<>(parts);
        // A slice is looked at only in the parts that it reaches: slices and parts may be many.
        List<Slice> open = new ArrayList<>();
        int following = 0;
        for (int part = 0; part < parts; part++) {
            long keyFrom = firstKey(part, parts);
            long keyTo = firstKey(part + 1, parts);
            open.removeIf(slice -> slice.kTo() <= keyFrom);
            for (; following < slices.size() && slices.get(following).kFrom() < keyTo; following++) {
                open.add(slices.get(following));
            }
            List<Slice> clipped = new ArrayList<>(open.size());
            for (Slice slice : open) {
                clipped.add(slice.clip(slice.qFrom(), slice.qTo(), keyFrom, keyTo));
            }
            spans.add(new Span(reached(group, clipped), clipped, layout));
        }
        return spans;
    }

    private long firstKey(int part, int parts) {
        return part == parts ? Long.MAX_VALUE : from[(int) ((long) part * count() / parts)];
    }
}
