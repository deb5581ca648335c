package org.ringwood.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * The rows of one head of some keys or values, as f32 in native memory.
 *
 * @param memory where they lie
 * @param start byte offset of the first row
 * @param stride bytes from one row to the next
 */
record BlockRows(MemorySegment memory, long start, long stride) {
    /** Byte offset of an element. */
    long offset(int row, int element) {
        return start + row * stride + (long) element * Float.BYTES;
    }

    /** An element. */
    float get(int row, int element) {
        return memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset(row, element));
    }

    /**
     * Rows {@code [from, from + count)} of a head, whose elements are a multiple of {@link RowProduct#LANES}: in place if they are so
     * in the tensor, else widened into {@code packed}, with zeros behind the elements.
     *
     * @param heap room for the rows, padded
     * @param packed native memory of the same size
     */
    static BlockRows of(
            Tensor tensor, int head, long from, int count, float[] heap, MemorySegment packed, Scratch scratch) {
        if (tensor.dtype() == DType.F32
                && tensor.dim() % RowProduct.LANES == 0
                && tensor.memory().isNative()) {
            return new BlockRows(tensor.memory(), tensor.offset(from, head), tensor.tokenStride() * Float.BYTES);
        }
        int padded = RowProduct.padded(tensor.dim());
        pack(tensor, head, from, count, padded, heap, scratch);
        MemorySegment.copy(heap, 0, packed, ValueLayout.JAVA_FLOAT, 0, count * padded);
        return new BlockRows(packed, 0, (long) padded * Float.BYTES);
    }

    /** Widens rows {@code [from, from + count)} of a head into {@code into}, row after row of {@code stride} elements, the rest of each 0. */
    static void pack(Tensor tensor, int head, long from, int count, int stride, float[] into, Scratch scratch) {
        int dim = tensor.dim();
        if (tensor.dtype() == DType.F32) {
            for (int i = 0; i < count; i++) {
                tensor.read(from + i, head, into, i * stride);
            }
        } else {
            for (int i = 0; i < count; i++) {
                MemorySegment.copy(
                        tensor.memory(),
                        ValueLayout.JAVA_SHORT_UNALIGNED,
                        tensor.offset(from + i, head),
                        scratch.halves,
                        i * stride,
                        dim);
            }
            // All rows at once: a loop over one of them is too short for vectors.
            Widening.widen(tensor.dtype(), scratch.halves, into, count * stride);
        }
        if (stride > dim) {
            for (int i = 0; i < count; i++) {
                Arrays.fill(into, i * stride + dim, (i + 1) * stride, 0);
            }
        }
    }
}
