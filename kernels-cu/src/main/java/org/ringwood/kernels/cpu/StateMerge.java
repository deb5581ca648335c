package org.ringwood.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.MUL;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.ringwood.kernels.SoftmaxState;

/** The merge of softmax records: the only place of this provider that knows how partial attention combines. */
final class StateMerge {
    private StateMerge() {}

    /** Floats of a record. */
    static int recordLength(int dimV) {
        return SoftmaxState.HEADER + dimV;
    }

    /**
     * Merges the record at {@code from[fromAt…]} into the one at {@code into[at…]}; both cover different keys.
     *
     * <p>With weights {@code wᵢ = sumᵢ · exp(maxᵢ − max)} the output is {@code (w₁/sum)·out₁ + (w₂/sum)·out₂}, products and one
     * addition without fusing, so that swapped operands give the same bits. Dividing first keeps a negligible record from changing the
     * other one at all, and huge values from overflowing. A record without a key is the exact identity.
     */
    static void merge(float[] into, int at, float[] from, int fromAt, int dimV) {
        float sumInto = into[at + 1];
        float sumFrom = from[fromAt + 1];
        if (sumFrom == 0) {
            return;
        }
        if (sumInto == 0) {
            System.arraycopy(from, fromAt, into, at, recordLength(dimV));
            return;
        }
        float max = Math.max(into[at], from[fromAt]);
        float weightInto = sumInto * Exponential.exp(into[at] - max);
        float weightFrom = sumFrom * Exponential.exp(from[fromAt] - max);
        float sum = weightInto + weightFrom;
        into[at] = max;
        into[at + 1] = sum;
        mix(
                into,
                at + SoftmaxState.HEADER,
                weightInto / sum,
                from,
                fromAt + SoftmaxState.HEADER,
                weightFrom / sum,
                dimV);
    }

    private static void mix(float[] into, int at, float share, float[] from, int fromAt, float otherShare, int count) {
        FloatVector shares = FloatVector.broadcast(FLOATS, share);
        FloatVector otherShares = FloatVector.broadcast(FLOATS, otherShare);
        int i = 0;
        for (; i + LENGTH <= count; i += LENGTH) {
            FloatVector kept = FloatVector.fromArray(FLOATS, into, at + i).lanewise(MUL, shares);
            FloatVector added = FloatVector.fromArray(FLOATS, from, fromAt + i).lanewise(MUL, otherShares);
            kept.lanewise(ADD, added).intoArray(into, at + i);
        }
        for (; i < count; i++) {
            into[at + i] = into[at + i] * share + from[fromAt + i] * otherShare;
        }
    }

    /** Merges the record at {@code from[fromAt…]} into the record of (row, head), by way of {@code buffer}. */
    static void merge(SoftmaxState into, long row, int head, float[] from, int fromAt, float[] buffer) {
        if (from[fromAt + 1] == 0) {
            return;
        }
        int length = recordLength(into.dimV());
        long offset = into.offset(row, head);
        if (into.memory().get(JAVA_FLOAT_UNALIGNED, offset + Float.BYTES) == 0) {
            MemorySegment.copy(from, fromAt, into.memory(), JAVA_FLOAT_UNALIGNED, offset, length);
            return;
        }
        MemorySegment.copy(into.memory(), JAVA_FLOAT_UNALIGNED, offset, buffer, 0, length);
        merge(buffer, 0, from, fromAt, into.dimV());
        MemorySegment.copy(buffer, 0, into.memory(), JAVA_FLOAT_UNALIGNED, offset, length);
    }
}
