package org.ringwood.attention.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.ringwood.attention.Ranges;
import org.ringwood.kernels.Chunk;

/** Which rows of which heads of a buffer are in one of the spaces that it may be in. */
final class Residence {
    /** By head. */
    private final Ranges[] rows;

    /** Nothing is there. */
    Residence(int heads) {
        rows = new Ranges[heads];
        Arrays.fill(rows, Ranges.EMPTY);
    }

    void add(Part part) {
        Ranges more = rowsOf(part);
        for (int head = part.fromHead(); head < part.toHead(); head++) {
            rows[head] = rows[head].union(more);
        }
    }

    void remove(Part part) {
        Ranges less = rowsOf(part);
        for (int head = part.fromHead(); head < part.toHead(); head++) {
            rows[head] = rows[head].without(less);
        }
    }

    /** What of a part is not there, in as few pieces as go by runs of heads. */
    List<Part> missing(Part part) {
        List<Part> missing = new ArrayList<>();
        Ranges wanted = rowsOf(part);
        int head = part.fromHead();
        while (head < part.toHead()) {
            Ranges absent = wanted.without(rows[head]);
            int end = head + 1;
            while (end < part.toHead() && wanted.without(rows[end]).equals(absent)) {
                end++;
            }
            for (Chunk chunk : absent.chunks()) {
                missing.add(new Part(part.buffer(), chunk.from(), chunk.to(), head, end));
            }
            head = end;
        }
        return missing;
    }

    private static Ranges rowsOf(Part part) {
        return Ranges.of(part.fromRow(), part.toRow());
    }
}
