package org.ringwood.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A strided off-heap view of shape {@code [tokens, heads, dim]}; the elements of one head are contiguous. It owns nothing:
 * whoever allocated {@code memory} keeps it alive. Element {@code (t, h, i)} lies
 * {@code (t * tokenStride + h * headStride + i) * dtype.bytes()} bytes behind the start of {@code memory}.
 *
 * <p>The strides let memory of other frameworks be used without a copy: {@code [heads, tokens, dim]} has
 * {@code tokenStride = dim} and {@code headStride = tokens * dim}; the queries of a fused QKV projection
 * {@code [tokens, 3, heads, dim]} have {@code tokenStride = 3 * heads * dim} and {@code headStride = dim}.
 *
 * @param memory native memory that holds at least the last element, in either {@link Space}; elements on a device can't be read or written from here
 * @param dtype element type
 * @param tokens rows, 0 or more
 * @param heads heads a row, at least 1
 * @param dim elements a head, at least 1
 * @param tokenStride elements from one row to the next
 * @param headStride elements from one head to the next
 */
public record Tensor(
        MemorySegment memory, DType dtype, long tokens, int heads, int dim, long tokenStride, long headStride) {
    /** Of memory that vectors read. */
    private static final long ALIGNMENT = 64;

    /** @throws IllegalArgumentException if the shape or the strides do not fit into {@code memory} */
    public Tensor {
        if (tokens < 0 || heads < 1 || dim < 1 || tokenStride < 0 || headStride < 0) {
            throw new IllegalArgumentException("tensor [" + tokens + ", " + heads + ", " + dim + "] with strides ["
                    + tokenStride + ", " + headStride
                    + "] is no shape: tokens and strides must not be negative, heads and"
                    + " dim must be at least 1");
        }
        if (tokens > 0) {
            long last = Math.addExact(
                    Math.multiplyExact(tokens - 1, tokenStride), Math.multiplyExact(heads - 1L, headStride));
            long needed = Math.multiplyExact(Math.addExact(last, dim), dtype.bytes());
            if (needed > memory.byteSize()) {
                throw new IllegalArgumentException("tensor [" + tokens + ", " + heads + ", " + dim + "] of " + dtype
                        + " with strides [" + tokenStride + ", " + headStride + "] needs " + needed
                        + " bytes, but its memory has " + memory.byteSize());
            }
        }
    }

    /** The dense tensor over the start of {@code memory}: rows follow each other without gaps, as do their heads. */
    public static Tensor dense(MemorySegment memory, DType dtype, long tokens, int heads, int dim) {
        return new Tensor(memory, dtype, tokens, heads, dim, (long) heads * dim, dim);
    }

    /** A dense tensor of zeros in new memory of the host, which the arena frees. */
    public static Tensor allocate(Arena arena, DType dtype, long tokens, int heads, int dim) {
        long bytes = denseBytes(dtype, tokens, heads, dim);
        return dense(arena.allocate(bytes, ALIGNMENT), dtype, tokens, heads, dim);
    }

    /** Bytes of a dense tensor of this shape. */
    public static long denseBytes(DType dtype, long tokens, int heads, int dim) {
        return Math.multiplyExact(Math.multiplyExact(tokens, (long) heads * dim), dtype.bytes());
    }

    /** Where it is. */
    public Space space() {
        return Space.of(memory);
    }

    /** Whether the elements follow each other without gaps in the order (token, head, dim). */
    public boolean isDense() {
        return (heads == 1 || headStride == dim) && (tokens <= 1 || tokenStride == (long) heads * dim);
    }

    /** Bytes that the elements take without gaps. */
    public long denseBytes() {
        return denseBytes(dtype, tokens, heads, dim);
    }

    /** Byte offset of the first element of a row's head from the start of {@link #memory()}. */
    public long offset(long token, int head) {
        return (token * tokenStride + head * headStride) * dtype.bytes();
    }

    /** Rows {@code [from, to)} of this tensor, sharing its memory. */
    public Tensor rows(long from, long to) {
        if (from < 0 || to < from || to > tokens) {
            throw new IllegalArgumentException("rows [" + from + ", " + to + ") are not among " + tokens);
        }
        MemorySegment start = to == from ? memory.asSlice(0, 0) : memory.asSlice(offset(from, 0));
        return new Tensor(start, dtype, to - from, heads, dim, tokenStride, headStride);
    }

    /** Heads {@code [from, to)} of this tensor, sharing its memory; at least one. */
    public Tensor heads(int from, int to) {
        if (from < 0 || to <= from || to > heads) {
            throw new IllegalArgumentException("heads [" + from + ", " + to + ") are not among " + heads);
        }
        MemorySegment start = tokens == 0 ? memory : memory.asSlice(offset(0, from));
        return new Tensor(start, dtype, tokens, to - from, dim, tokenStride, headStride);
    }

    /** Elements {@code [from, to)} of every head, sharing this one's memory; at least one. */
    public Tensor elements(int from, int to) {
        if (from < 0 || to <= from || to > dim) {
            throw new IllegalArgumentException("elements [" + from + ", " + to + ") are not among " + dim);
        }
        MemorySegment start = tokens == 0 ? memory : memory.asSlice((long) from * dtype.bytes());
        return new Tensor(start, dtype, tokens, heads, to - from, tokenStride, headStride);
    }

    /** Element {@code i} of a row's head, widened exactly. */
    public float get(long token, int head, int i) {
        return dtype.get(memory, offset(token, head) + (long) i * dtype.bytes());
    }

    /** Writes element {@code i} of a row's head, rounded to the nearest, ties to even. */
    public void set(long token, int head, int i, float value) {
        dtype.set(memory, offset(token, head) + (long) i * dtype.bytes(), value);
    }

    /** Widens the elements of a row's head into {@code into[at, at + dim)}. */
    public void read(long token, int head, float[] into, int at) {
        dtype.read(memory, offset(token, head), into, at, dim);
    }

    /** Rounds {@code from[at, at + dim)} to the elements of a row's head. */
    public void write(long token, int head, float[] from, int at) {
        dtype.write(from, at, dim, memory, offset(token, head));
    }

    /** Copies the elements of a row's head to the same place of a tensor of this shape and dtype. */
    public void copyHead(long token, int head, Tensor to) {
        MemorySegment.copy(memory, offset(token, head), to.memory, to.offset(token, head), (long) dim * dtype.bytes());
    }

    /** Dtype and shape, for messages: for instance {@code F32[1024, 8, 64]}. */
    public String shape() {
        return dtype + "[" + tokens + ", " + heads + ", " + dim + "]";
    }
}
