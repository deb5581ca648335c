package org.ringwood.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * Some rows of one head of keys or values, so few that they stay in the first-level cache while several queries go over them. They have
 * a multiple of {@link RowProduct#LANES} elements, and are read from where they lie if they have so in the tensor, else from a copy with
 * zeros behind the elements. F16 is read as it is as long as all of it is finite, else from a widened copy.
 */
final class RowPanel {
    /** Most rows of a panel. */
    static final int ROWS = 32;

    /** Bytes from one read to the next: half a cache line. Reading ahead once a line is slower (tried: Zen 4). */
    private static final int STEP = 32;

    private final MemorySegment padded = room();
    private final MemorySegment widened = room();

    private DType dtype = DType.F32;
    private MemorySegment memory = padded;
    private long start;
    private long stride;
    private boolean inPlace;
    /** Elements of a padded row. */
    private int dim;
    /** Whether the rows are to be read from their widened copy. */
    private boolean isWidened;
    /** What was read ahead: kept, or C2 would leave out reading it. */
    private int seen;

    private static MemorySegment room() {
        return Arena.ofAuto()
                .allocate((long) ROWS * AttentionCall.MAX_DIM * Float.BYTES, Float.BYTES * RowProduct.LANES);
    }

    /** Begins with the rows of a tensor. */
    void begin(Tensor tensor) {
        dtype = tensor.dtype();
        dim = RowProduct.padded(tensor.dim());
        isWidened = false;
        // Memory of one kind only: were it on the heap now and then, C2 would have to look at every load which it is.
        inPlace = tensor.dim() == dim && tensor.memory().isNative();
        if (inPlace) {
            memory = tensor.memory();
            stride = tensor.tokenStride() * dtype.bytes();
        } else {
            memory = padded;
            start = 0;
            stride = (long) dim * dtype.bytes();
            padded.fill((byte) 0);
        }
    }

    /**
     * Reads the rows {@code [from, from + count)} of a group's key heads in the order of their addresses, which brings them into the second-level
     * cache, if the tiles will read them in another order: memory is prefetched along such a walk only, and comes at a third of the speed if
     * a head's rows are read from between those of others, at two thirds if tiles go over pieces of rows.
     */
    void readAhead(Tensor tensor, QueryGroup group, long from, int count) {
        boolean inPieces = group.keyHeads() == 1 ? areRowsInPieces() : QueryGroups.areSideBySide(tensor);
        if (!inPieces || !tensor.memory().isNative()) {
            return;
        }
        long bytes = ((group.keyHeads() - 1) * tensor.headStride() + tensor.dim())
                * tensor.dtype().bytes();
        for (int i = 0; i < count; i++) {
            seen = read(tensor.memory(), tensor.offset(from + i, group.keyHead()), bytes, seen);
        }
    }

    /** Those of F16 have been read when it is known that they are finite, those of a copy when they were copied. */
    private boolean areRowsInPieces() {
        return inPlace && dtype != DType.F16 && dim >= 2 * RowTiles.WIDEST;
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
        } else {
            copy(tensor, head, from, count);
        }
        if (dtype == DType.F16) {
            isWidened = !areFinite(count);
            if (isWidened) {
                widen(count);
            }
        }
    }

    private void copy(Tensor tensor, int head, long from, int count) {
        long bytes = (long) tensor.dim() * dtype.bytes();
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(tensor.memory(), tensor.offset(from + i, head), padded, i * stride, bytes);
        }
    }

    private boolean areFinite(int count) {
        long bytes = (long) dim * dtype.bytes();
        if (stride == bytes) {
            return RowTiles.areFiniteF16(memory, start, 0, 1, count * bytes);
        }
        return RowTiles.areFiniteF16(memory, start, stride, count, bytes);
    }

    private void widen(int count) {
        for (int row = 0; row < count; row++) {
            for (int d = 0; d < dim; d++) {
                int place = row * dim + RowProduct.place(dtype, d);
                widened.setAtIndex(ValueLayout.JAVA_FLOAT, place, get(row, d));
            }
        }
    }

    /** Type of the elements as they are to be read; widened ones lie at their {@link RowProduct#place}. */
    DType dtype() {
        return isWidened ? DType.F32 : dtype;
    }

    /** Where the rows lie. */
    MemorySegment memory() {
        return isWidened ? widened : memory;
    }

    /** Byte offset of the first row. */
    long start() {
        return isWidened ? 0 : start;
    }

    /** Bytes from one row to the next. */
    long stride() {
        return isWidened ? (long) dim * Float.BYTES : stride;
    }

    /** An element. */
    float get(int row, int element) {
        return dtype.get(memory, start + row * stride + (long) element * dtype.bytes());
    }
}
