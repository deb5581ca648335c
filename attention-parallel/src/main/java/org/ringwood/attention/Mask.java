package org.ringwood.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * Which keys each query attends: disjoint slices of global row indices, queries {@code 0…Nq−1} and keys {@code 0…Nk−1}.
 * Usually made by a {@link MaskRule}. Questions about a part of the sequence cost time in the slices that meet that part's queries, not
 * in all slices.
 */
public final class Mask {
    /** The longest sequence; far beyond any memory, and small enough that no difference of indices overflows. */
    public static final long MAX_TOKENS = 1L << 48;

    private final long queries;
    private final long keys;
    private final SliceIndex index;
    private final long area;

    private Mask(long queries, long keys, SliceIndex index) {
        this.queries = queries;
        this.keys = keys;
        this.index = index;
        this.area = totalArea(queries, keys, index.slices());
    }

    /**
     * The mask of slices in any order; empty ones vanish.
     *
     * @param queries length of the query sequence, 0 or more
     * @param keys length of the key sequence, 0 or more
     * @throws IllegalArgumentException if slices overlap or leave the sequence, or more than 2⁶³−1 pairs are admitted
     */
    public static Mask of(long queries, long keys, List<Slice> slices) {
        requireLength("queries", queries);
        requireLength("keys", keys);
        SliceIndex index = new SliceIndex(slices);
        for (Slice slice : index.slices()) {
            if (slice.qFrom() < 0 || slice.qTo() > queries || slice.kFrom() < 0 || slice.kTo() > keys) {
                throw leaves(describe(slice), queries, keys);
            }
        }
        Disjointness.require(index.slices());
        return new Mask(queries, keys, index);
    }

    /** Every query attends every key. */
    public static Mask full(long queries, long keys) {
        return MaskRule.full().over(queries, keys);
    }

    /** A query attends the keys up to its own position, aligned at the end: {@code k <= q + keys - queries}. */
    public static Mask causal(long queries, long keys) {
        return MaskRule.causal().over(queries, keys);
    }

    static IllegalArgumentException leaves(String slice, long queries, long keys) {
        return new IllegalArgumentException("slice " + slice + " leaves the sequence of " + queries + " queries and "
                + keys + " keys; cut it to the sequence");
    }

    static void requireLength(String what, long length) {
        if (length < 0 || length > MAX_TOKENS) {
            throw new IllegalArgumentException(
                    "a mask cannot have " + length + " " + what + "; give a length from 0 to " + MAX_TOKENS);
        }
    }

    static String describe(Slice slice) {
        return "[" + slice.qFrom() + ", " + slice.qTo() + ") x [" + slice.kFrom() + ", " + slice.kTo() + ") "
                + slice.kind();
    }

    private static long totalArea(long queries, long keys, List<Slice> slices) {
        try {
            long total = 0;
            for (Slice slice : slices) {
                total = Math.addExact(total, slice.area());
            }
            return total;
        } catch (ArithmeticException overflow) {
            throw new IllegalArgumentException(
                    "a mask of " + queries + " queries and " + keys
                            + " keys admits more pairs than 64 bits count; split the sequence",
                    overflow);
        }
    }

    /** Length of the query sequence. */
    public long queries() {
        return queries;
    }

    /** Length of the key sequence. */
    public long keys() {
        return keys;
    }

    /** The slices, sorted by first query and then by first key; disjoint, and none is empty. */
    public List<Slice> slices() {
        return index.slices();
    }

    /** Number of admitted pairs, exactly. */
    public long area() {
        return area;
    }

    /**
     * What of a mask concerns some queries and some keys.
     *
     * @param slices those, whole and in order, that admit a pair of them
     * @param area number of their admitted pairs
     */
    public record Extract(List<Slice> slices, long area) {}

    /** What concerns these queries and these keys; each position occurs once. */
    public Extract extract(Positions queryPositions, Positions keyPositions) {
        if (queryPositions.rows() == queries && keyPositions.rows() == keys) {
            return new Extract(slices(), area);
        }
        Ranges keySet = Ranges.of(keyPositions);
        List<Slice> relevant = new ArrayList<>();
        long[] sum = {0};
        visit(queryPositions, (whole, part) -> {
            if (keySet.meets(part.kFrom(), part.kTo())) {
                relevant.add(whole);
                sum[0] += area(part, keySet);
            }
        });
        boolean inOrder = queryPositions.chunks().size() == 1;
        return new Extract(inOrder ? List.copyOf(relevant) : distinct(relevant), sum[0]);
    }

    /** A slice is found once for every run of queries that it meets. */
    private static List<Slice> distinct(List<Slice> found) {
        return found.stream().sorted(SliceIndex.ORDER).distinct().toList();
    }

    private static long area(Slice slice, Ranges keySet) {
        long sum = 0;
        for (Chunk chunk : keySet.within(slice.kFrom(), slice.kTo())) {
            boolean within = slice.kFrom() >= chunk.from() && slice.kTo() <= chunk.to();
            Slice part = within ? slice : slice.clip(slice.qFrom(), slice.qTo(), chunk.from(), chunk.to());
            sum += part.area();
        }
        return sum;
    }

    /** The positions of all keys that any of these queries attends; {@link Ranges#rowsIn} finds an owner's rows among them. */
    public Ranges keysNeededBy(Positions queryPositions) {
        List<Chunk> needed = new ArrayList<>();
        visit(queryPositions, (whole, part) -> needed.add(new Chunk(part.kFrom(), part.kTo())));
        return Ranges.of(needed);
    }

    /** The same pairs with queries and keys in each other's place: it tells which queries attend some keys. */
    public Mask transposed() {
        return new Mask(
                keys,
                queries,
                new SliceIndex(slices().stream().map(Slice::transposed).toList()));
    }

    /** Visits the slices that meet these queries, each with its part in every chunk that it meets. */
    private void visit(Positions queryPositions, BiConsumer<Slice, Slice> visitor) {
        for (Chunk chunk : queryPositions.chunks()) {
            index.forEach(chunk.from(), chunk.to(), slice -> {
                boolean within = slice.qFrom() >= chunk.from() && slice.qTo() <= chunk.to();
                visitor.accept(slice, within ? slice : slice.clip(chunk.from(), chunk.to(), 0, keys));
            });
        }
    }

    /**
     * The pairs that both masks admit.
     *
     * @throws IllegalArgumentException if the masks are of different lengths
     */
    public Mask and(Mask other) {
        requireSameLengths(other);
        return new Mask(queries, keys, new SliceIndex(intersection(slices(), other.index)));
    }

    /** The pairs that slices and an index both admit. */
    static List<Slice> intersection(List<Slice> slices, SliceIndex index) {
        List<Slice> common = new ArrayList<>();
        for (Slice mine : slices) {
            index.forEach(mine.qFrom(), mine.qTo(), theirs -> common.add(mine.intersect(theirs)));
        }
        return common;
    }

    /**
     * The pairs that either mask admits.
     *
     * @throws IllegalArgumentException if both admit a pair, or the masks are of different lengths
     */
    public Mask or(Mask other) {
        requireSameLengths(other);
        List<Slice> all = new ArrayList<>(slices());
        all.addAll(other.slices());
        return of(queries, keys, all);
    }

    private void requireSameLengths(Mask other) {
        if (queries != other.queries || keys != other.keys) {
            throw new IllegalArgumentException("masks of " + queries + " x " + keys + " and of " + other.queries + " x "
                    + other.keys + " do not combine; build both for the same sequence");
        }
    }

    /** Whether the lengths and the slices are the same; the same pairs cut into other slices are another mask. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Mask that
                && queries == that.queries
                && keys == that.keys
                && slices().equals(that.slices());
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Long.hashCode(queries) + Long.hashCode(keys)) + slices().hashCode();
    }

    @Override
    public String toString() {
        return "mask of " + queries + " queries and " + keys + " keys, " + slices().size() + " slices, " + area
                + " pairs";
    }
}
