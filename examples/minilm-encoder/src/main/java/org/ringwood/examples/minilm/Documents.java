package org.ringwood.examples.minilm;

import java.util.ArrayList;
import java.util.List;

/** Documents packed one after the other into one sequence of token ids. */
final class Documents {
    private final List<int[]> documents;
    private final List<Long> bounds;

    private Documents(List<int[]> documents, List<Long> bounds) {
        this.documents = documents;
        this.bounds = bounds;
    }

    static Documents pack(List<int[]> documents) {
        List<Long> bounds = new ArrayList<>(List.of(0L));
        for (int[] document : documents) {
            bounds.add(bounds.getLast() + document.length);
        }
        return new Documents(List.copyOf(documents), List.copyOf(bounds));
    }

    /** Cumulative lengths from 0 to the number of tokens. */
    List<Long> bounds() {
        return bounds;
    }

    int count() {
        return documents.size();
    }

    long tokens() {
        return bounds.getLast();
    }

    /** The token ids of a document. */
    int[] ids(int document) {
        return documents.get(document);
    }

    /** The document that holds a position of the sequence. */
    int documentOf(long position) {
        int low = 0;
        int high = count();
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (bounds.get(middle) <= position) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The token id at a position of the sequence. */
    int id(long position) {
        int document = documentOf(position);
        return documents.get(document)[(int) (position - bounds.get(document))];
    }
}
