package org.ringwood.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * Some rows of one head of keys or values as f32, with zeros behind their elements up to a multiple of {@link RowProduct#LANES}: where
 * they lie in the tensor if they are so there, else widened into memory of its own that fits into the first-level cache.
 */
final class RowPanel {
    /** Most rows of a panel. */
    static final int ROWS = 32;

    private static final int ELEMENTS = ROWS * AttentionCall.MAX_DIM;

    private final MemorySegment packed = Arena.ofAuto().allocate((long) ELEMENTS * Float.BYTES, 64);
    private final float[] widened = new float[ELEMENTS];
    private final short[] halves = new short[ELEMENTS];
    private MemorySegment memory = packed;
    private long start;
    private long stride;
    private boolean inPlace;

    /** Begins with the rows of a tensor. */
    void begin(Tensor tensor) {
        inPlace = tensor.dtype() == DType.F32
                && tensor.dim() % RowProduct.LANES == 0
                && tensor.memory().isNative();
        if (inPlace) {
            memory = tensor.memory();
            stride = tensor.tokenStride() * Float.BYTES;
        } else {
            memory = packed;
            start = 0;
            stride = (long) RowProduct.padded(tensor.dim()) * Float.BYTES;
            // What is behind the elements stays zero.
            packed.fill((byte) 0);
            Arrays.fill(halves, (short) 0);
        }
    }

    /** Takes in the rows {@code [from, from + count)} of a head. */
    void load(Tensor tensor, int head, long from, int count) {
        long offset = tensor.offset(from, head);
        if (inPlace) {
            start = offset;
        } else if (tensor.dtype() == DType.F32) {
            copy(tensor, offset, count);
        } else {
            widen(tensor, offset, count);
        }
    }

    private void copy(Tensor tensor, long offset, int count) {
        long rowBytes = tensor.tokenStride() * Float.BYTES;
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(
                    tensor.memory(), offset + i * rowBytes, packed, i * stride, (long) tensor.dim() * Float.BYTES);
        }
    }

    private void widen(Tensor tensor, long offset, int count) {
        long rowBytes = tensor.tokenStride() * Short.BYTES;
        int padded = RowProduct.padded(tensor.dim());
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(
                    tensor.memory(),
                    ValueLayout.JAVA_SHORT_UNALIGNED,
                    offset + i * rowBytes,
                    halves,
                    i * padded,
                    tensor.dim());
        }
        // All rows at once: a loop over one of them is too short for vectors.
        Widening.widen(tensor.dtype(), halves, widened, count * padded);
        MemorySegment.copy(widened, 0, packed, ValueLayout.JAVA_FLOAT, 0, count * padded);
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
        return memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, start + row * stride + (long) element * Float.BYTES);
    }
}
