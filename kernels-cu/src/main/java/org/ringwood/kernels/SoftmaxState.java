package org.ringwood.kernels;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Partial softmax states of {@code rows × heads} queries, always f32: for every (row, head) one record of
 * {@code dimV + 2} floats {@code (max, sum, out[0..dimV))}. Records lie side by side, so that any run of records is a run of
 * memory and one message or one all-reduce carries all three quantities.
 *
 * <p>Over a set of keys with scores {@code s_j} a record holds {@code max = max_j s_j}, {@code sum = Σ exp(s_j − max)} and the
 * normalised {@code out = Σ exp(s_j − max) v_j / sum}; over no key it is {@code (−∞, 0, 0)}, the identity of the merge.
 *
 * @param memory {@code bytes(rows, heads, dimV)} bytes
 * @param rows query rows
 * @param heads query heads
 * @param dimV elements of a value head
 */
public record SoftmaxState(MemorySegment memory, long rows, int heads, int dimV) {
    /** Floats of a record before {@code out}: max and sum. */
    public static final int HEADER = 2;

    /** @throws IllegalArgumentException if {@code memory} has another size than the shape asks for */
    public SoftmaxState {
        if (memory.byteSize() != bytes(rows, heads, dimV)) {
            throw new IllegalArgumentException("a softmax state of " + rows + " rows, " + heads + " heads and dim "
                    + dimV + " takes " + bytes(rows, heads, dimV) + " bytes, but its memory has " + memory.byteSize());
        }
    }

    /** Where it is. */
    public Space space() {
        return Space.of(memory);
    }

    /** The records as a tensor {@code [rows, heads, dimV + 2]} of f32, which shares the memory: for copies. */
    public Tensor records() {
        return Tensor.dense(memory, DType.F32, rows, heads, dimV + HEADER);
    }

    /** Bytes of one record. */
    public static long recordBytes(int dimV) {
        return (dimV + (long) HEADER) * Float.BYTES;
    }

    /** Bytes of a state of this shape. */
    public static long bytes(long rows, int heads, int dimV) {
        return Math.multiplyExact(Math.multiplyExact(rows, heads), recordBytes(dimV));
    }

    /** Byte offset of the record of (row, head). */
    public long offset(long row, int head) {
        return (row * heads + head) * recordBytes(dimV);
    }

    /** The states of rows {@code [from, to)}, sharing this one's memory. */
    public SoftmaxState slice(long from, long to) {
        return new SoftmaxState(memory.asSlice(offset(from, 0), bytes(to - from, heads, dimV)), to - from, heads, dimV);
    }

    /** Makes the record of (row, head) that of one key with a score and a value of 0; of no key if the score is −∞. */
    public void setSink(long row, int head, float logit) {
        set(row, head, logit, logit == Float.NEGATIVE_INFINITY ? 0 : 1);
        for (int i = 0; i < dimV; i++) {
            setOut(row, head, i, 0);
        }
    }

    /** Largest score of (row, head), −∞ if no key was admitted yet. */
    public float max(long row, int head) {
        return memory.get(JAVA_FLOAT_UNALIGNED, offset(row, head));
    }

    /** Sum of the exponentials of (row, head). */
    public float sum(long row, int head) {
        return memory.get(JAVA_FLOAT_UNALIGNED, offset(row, head) + Float.BYTES);
    }

    /** Element {@code i} of the normalised output of (row, head). */
    public float out(long row, int head, int i) {
        return memory.get(JAVA_FLOAT_UNALIGNED, offset(row, head) + (HEADER + (long) i) * Float.BYTES);
    }

    /** Replaces max and sum of (row, head). */
    public void set(long row, int head, float max, float sum) {
        memory.set(JAVA_FLOAT_UNALIGNED, offset(row, head), max);
        memory.set(JAVA_FLOAT_UNALIGNED, offset(row, head) + Float.BYTES, sum);
    }

    /** Replaces element {@code i} of the output of (row, head). */
    public void setOut(long row, int head, int i, float value) {
        memory.set(JAVA_FLOAT_UNALIGNED, offset(row, head) + (HEADER + (long) i) * Float.BYTES, value);
    }
}
