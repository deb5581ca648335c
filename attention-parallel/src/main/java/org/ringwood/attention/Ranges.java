package org.ringwood.attention;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;

/**
 * A set of 64-bit indices, kept as sorted ranges that neither overlap nor adjoin. The indices are global token positions or
 * rows of a tensor; which of them, whoever makes the set says.
 */
public final class Ranges {
    /** No index. */
    public static final Ranges EMPTY = new Ranges(List.of());

    private final List<Chunk> chunks;

    private Ranges(List<Chunk> chunks) {
        this.chunks = chunks;
    }

    /** The union of chunks in any order. */
    public static Ranges of(List<Chunk> chunks) {
        List<Chunk> sorted = new ArrayList<>(chunks);
        sorted.sort(Comparator.comparingLong(Chunk::from));
        return joined(sorted);
    }

    /** The indices from {@code from} on, up to but without {@code to}. */
    public static Ranges of(long from, long to) {
        return of(List.of(new Chunk(from, to)));
    }

    /** The set of a tensor's positions. */
    public static Ranges of(Positions positions) {
        return of(positions.chunks());
    }

    private static Ranges joined(List<Chunk> sorted) {
        List<Chunk> joined = new ArrayList<>();
        for (Chunk chunk : sorted) {
            if (chunk.length() == 0) {
                continue;
            }
            if (!joined.isEmpty() && chunk.from() <= joined.getLast().to()) {
                Chunk last = joined.removeLast();
                joined.add(new Chunk(last.from(), Math.max(last.to(), chunk.to())));
            } else {
                joined.add(chunk);
            }
        }
        return joined.isEmpty() ? EMPTY : new Ranges(List.copyOf(joined));
    }

    /** The ranges, sorted; none is empty, no two overlap or adjoin. */
    public List<Chunk> chunks() {
        return chunks;
    }

    /** Number of indices. */
    public long size() {
        return chunks.stream().mapToLong(Chunk::length).sum();
    }

    /** Whether there is no index. */
    public boolean isEmpty() {
        return chunks.isEmpty();
    }

    /** The indices of either set. */
    public Ranges union(Ranges other) {
        if (isEmpty() || other.isEmpty()) {
            return isEmpty() ? other : this;
        }
        return of(Stream.concat(chunks.stream(), other.chunks.stream()).toList());
    }

    /** The indices of both sets. */
    public Ranges intersection(Ranges other) {
        List<Chunk> parts = new ArrayList<>();
        for (Chunk chunk : other.chunks) {
            addWithin(chunk.from(), chunk.to(), 0, parts);
        }
        return joined(parts);
    }

    /** The indices of this set that are not in the other. */
    public Ranges without(Ranges other) {
        List<Chunk> parts = new ArrayList<>();
        for (Chunk chunk : chunks) {
            long from = chunk.from();
            for (Chunk hole : other.within(chunk.from(), chunk.to())) {
                parts.add(new Chunk(from, hole.from()));
                from = hole.to();
            }
            parts.add(new Chunk(from, chunk.to()));
        }
        return joined(parts);
    }

    /** Reads this as a set of positions and gives the rows, of a tensor with rows at {@code positions}, that are in it. */
    public Ranges rowsIn(Positions positions) {
        List<Chunk> rows = new ArrayList<>();
        for (int i = 0; i < positions.chunks().size(); i++) {
            Chunk chunk = positions.chunks().get(i);
            addWithin(chunk.from(), chunk.to(), positions.firstRow(i) - chunk.from(), rows);
        }
        return joined(rows);
    }

    /** Whether an index of {@code [from, to)} is in this set. */
    boolean meets(long from, long to) {
        int next = firstEndingAfter(from);
        return next < chunks.size() && chunks.get(next).from() < to;
    }

    /** The parts of this set within {@code [from, to)}. */
    List<Chunk> within(long from, long to) {
        List<Chunk> parts = new ArrayList<>();
        addWithin(from, to, 0, parts);
        return parts;
    }

    private void addWithin(long from, long to, long shift, List<Chunk> parts) {
        for (int i = firstEndingAfter(from); i < chunks.size() && chunks.get(i).from() < to; i++) {
            Chunk chunk = chunks.get(i);
            parts.add(new Chunk(Math.max(chunk.from(), from) + shift, Math.min(chunk.to(), to) + shift));
        }
    }

    private int firstEndingAfter(long from) {
        int low = 0;
        int high = chunks.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (chunks.get(middle).to() <= from) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ranges that && chunks.equals(that.chunks);
    }

    @Override
    public int hashCode() {
        return chunks.hashCode();
    }

    @Override
    public String toString() {
        return chunks.toString();
    }
}
