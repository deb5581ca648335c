package org.ringwood.examples.trainer;

import java.util.List;

/** A sequence to train on: documents, one after the other, which do not see each other. */
final class Sequence {
    private final long[] ids;
    private final List<Long> documents;

    Sequence(long[] ids, List<Long> documents) {
        this.ids = ids;
        this.documents = List.copyOf(documents);
    }

    /** Its bytes. */
    long[] ids() {
        return ids;
    }

    /** Cumulative lengths of its documents, from 0 to the number of bytes; a document may be empty. */
    List<Long> documents() {
        return documents;
    }

    /** Bytes that have a label: all but the last of each document. */
    long labels() {
        long labels = 0;
        for (int i = 1; i < documents.size(); i++) {
            labels += Math.max(0, documents.get(i) - documents.get(i - 1) - 1);
        }
        return labels;
    }
}
