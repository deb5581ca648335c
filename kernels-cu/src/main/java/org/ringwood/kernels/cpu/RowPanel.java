package org.ringwood.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * Some rows of one head of keys or values, so few that they stay in the first-level cache while several queries go over them. They have
 * a multiple of {@link RowProduct#LANES} elements, and are read from where they lie if they have so in the tensor, else from a copy with
 * zeros behind the elements. F16 becomes f32 in the copy: the Vector API has no operation for it, and what it takes instead is more than C2
 * compiles in a tile.
 */
final class RowPanel {
    /** Most rows of a panel. */
    static final int ROWS = 32;

    /** Bytes from one read to the next: half a cache line. Reading ahead once a line is slower (tried: Zen 4). */
    private static final int STEP = 32;

    private final MemorySegment padded =
            Arena.ofAuto().allocate((long) ROWS * AttentionCall.MAX_DIM * Float.BYTES, Float.BYTES * RowProduct.LANES);

    private final short[] halves = new short[ROWS * AttentionCall.MAX_DIM];
    private final float[] widened = new float[ROWS * AttentionCall.MAX_DIM];

    private DType dtype = DType.F32;
    private MemorySegment memory = padded;
    private long start;
    private long stride;
    private boolean inPlace;
    /** What was read ahead: kept, or C2 would leave out reading it. */
    private int seen;

    /** Begins with the rows of a tensor. */
    void begin(Tensor tensor) {
        dtype = tensor.dtype() == DType.BF16 ? DType.BF16 : DType.F32;
        // Memory of one kind only: were it on the heap now and then, C2 would have to look at every load which it is.
        inPlace = tensor.dtype() == dtype
                && tensor.dim() % RowProduct.LANES == 0
                && tensor.memory().isNative();
        if (inPlace) {
            memory = tensor.memory();
            stride = tensor.tokenStride() * dtype.bytes();
        } else {
            memory = padded;
            start = 0;
            stride = (long) RowProduct.padded(tensor.dim()) * dtype.bytes();
            padded.fill((byte) 0);
            Arrays.fill(halves, (short) 0);
        }
    }

    /**
     * Reads the rows {@code [from, from + count)} of all key heads of a group that has several, which brings them into the second-level cache.
     * In the order of their addresses memory is prefetched; a head's rows alone, a piece of each page, come at a third of the speed.
     */
    void readAhead(Tensor tensor, QueryGroup group, long from, int count) {
        if (group.keyHeads() == 1
                || !QueryGroups.tokensFirst(tensor)
                || !tensor.memory().isNative()) {
            return;
        }
        long bytes = ((group.keyHeads() - 1) * tensor.headStride() + tensor.dim())
                * tensor.dtype().bytes();
        for (int i = 0; i < count; i++) {
            seen = read(tensor.memory(), tensor.offset(from + i, group.keyHead()), bytes, seen);
        }
    }

    /** Reads an element of each half of a cache line. Not with vectors: what C2 does not inline of them is slower than what this is for. */
    private static int read(MemorySegment memory, long start, long bytes, int before) {
        int seen = before;
        for (int at = 0; at <= bytes - 4 * STEP; at += 4 * STEP) {
            seen |= memory.get(ValueLayout.JAVA_INT_UNALIGNED, start + at)
                    | memory.get(ValueLayout.JAVA_INT_UNALIGNED, start + at + STEP)
                    | memory.get(ValueLayout.JAVA_INT_UNALIGNED, start + at + 2 * STEP)
                    | memory.get(ValueLayout.JAVA_INT_UNALIGNED, start + at + 3 * STEP);
        }
        return seen;
    }

    /** Takes in the rows {@code [from, from + count)} of a head. */
    void load(Tensor tensor, int head, long from, int count) {
        if (inPlace) {
            start = tensor.offset(from, head);
            return;
        }
        if (tensor.dtype() == DType.F16) {
            widen(tensor, head, from, count);
            return;
        }
        long bytes = (long) tensor.dim() * dtype.bytes();
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(tensor.memory(), tensor.offset(from + i, head), padded, i * stride, bytes);
        }
    }

    private void widen(Tensor tensor, int head, long from, int count) {
        int row = RowProduct.padded(tensor.dim());
        Widening.widen(tensor, head, from, count, halves, row, widened);
        MemorySegment.copy(widened, 0, padded, ValueLayout.JAVA_FLOAT, 0, count * row);
    }

    /** Type of the elements as they lie there. */
    DType dtype() {
        return dtype;
    }

    /** Where the rows lie. */
    MemorySegment memory() {
        return memory;
    }

    /** Byte offset of the first row. */
    long start() {
        return start;
    }

    /** Bytes from one row to the next. */
    long stride() {
        return stride;
    }

    /** An element. */
    float get(int row, int element) {
        return dtype.get(memory, start + row * stride + (long) element * dtype.bytes());
    }
}
