package org.ringwood.kernels.cpu;

import org.ringwood.kernels.SoftmaxState;

/** Softmax records of every (row, head) over each part of the keys. A part that was not attended has the sum 0 of an empty record. */
final class PartialStates {
    private final int heads;
    private final int parts;
    private final int recordLength;
    private final float[] records;

    PartialStates(SoftmaxState shape, int parts) {
        this.heads = shape.heads();
        this.parts = parts;
        this.recordLength = StateMerge.recordLength(shape.dimV());
        this.records = new float[Math.toIntExact(shape.rows() * heads * parts * recordLength)];
    }

    float[] records() {
        return records;
    }

    int offset(long row, int head, int part) {
        return (int) ((row * heads + head) * parts + part) * recordLength;
    }

    /** Merges the parts of rows {@code [from, to)} in the order of their keys. */
    void mergeInto(SoftmaxState state, long from, long to, float[] buffer) {
        for (long row = from; row < to; row++) {
            for (int head = 0; head < heads; head++) {
                for (int part = 0; part < parts; part++) {
                    StateMerge.merge(state, row, head, records, offset(row, head, part), buffer);
                }
            }
        }
    }
}
