package org.ringwood.attention;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.kernels.Chunk;

/**
 * Where packed documents begin and end: cumulative lengths from 0 to the number of tokens, which never fall. Documents may be
 * empty.
 */
record DocumentBounds(List<Long> bounds) {
    DocumentBounds {
        bounds = List.copyOf(bounds);
        if (bounds.isEmpty() || bounds.getFirst() != 0) {
            throw new IllegalArgumentException("document bounds "
                    + (bounds.isEmpty() ? "are empty" : "start at " + bounds.getFirst())
                    + "; give cumulative lengths that start at 0");
        }
        for (int i = 1; i < bounds.size(); i++) {
            if (bounds.get(i) < bounds.get(i - 1)) {
                throw new IllegalArgumentException("document bounds fall from " + bounds.get(i - 1) + " to "
                        + bounds.get(i) + " at index " + i + "; give cumulative lengths");
            }
        }
    }

    /** Bounds that end at the number of tokens. */
    static DocumentBounds of(List<Long> bounds, String what, long tokens) {
        DocumentBounds checked = new DocumentBounds(bounds);
        checked.requireEnd(what, tokens);
        return checked;
    }

    void requireEnd(String what, long tokens) {
        if (bounds.getLast() != tokens) {
            throw new IllegalArgumentException("the documents end at " + bounds.getLast() + ", but there are " + tokens
                    + " " + what + "; the last bound must be the number of " + what);
        }
    }

    int count() {
        return bounds.size() - 1;
    }

    /** The positions of a document. */
    Chunk document(int document) {
        return new Chunk(bounds.get(document), bounds.get(document + 1));
    }

    /** The parts of a chunk, each of one document. */
    List<Chunk> cut(Chunk chunk) {
        List<Chunk> parts = new ArrayList<>();
        for (long from = chunk.from(); from < chunk.to(); ) {
            long to = Math.min(chunk.to(), documentAt(from).to());
            parts.add(new Chunk(from, to));
            from = to;
        }
        return parts;
    }

    /** The document that has a position; never an empty one. */
    Chunk documentAt(long position) {
        int low = 0;
        int high = count() - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (bounds.get(middle + 1) <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return document(low);
    }
}
