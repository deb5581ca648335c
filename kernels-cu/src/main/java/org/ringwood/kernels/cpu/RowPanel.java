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

    private final MemorySegment padded =
            Arena.ofAuto().allocate((long) ROWS * AttentionCall.MAX_DIM * Float.BYTES, Float.BYTES * RowProduct.LANES);

    private final short[] halves = new short[ROWS * AttentionCall.MAX_DIM];
    private final float[] widened = new float[ROWS * AttentionCall.MAX_DIM];

    private DType dtype = DType.F32;
    private MemorySegment memory = padded;
    private long start;
    private long stride;
    private boolean inPlace;

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
