package org.ringwood.kernels;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * An element of a tensor that is NaN or infinite.
 *
 * @param row its row
 * @param head its head
 * @param element its place in the head
 * @param value what it is
 */
public record NonFinite(long row, int head, int element, float value) {
    /** The first one of a tensor of the host in the order (row, head, element), if there is one. */
    public static Optional<NonFinite> first(Tensor tensor) {
        for (long row = 0; row < tensor.tokens(); row++) {
            for (int head = 0; head < tensor.heads(); head++) {
                if (!isFinite(tensor, row, head)) {
                    return Optional.of(first(tensor, row, head));
                }
            }
        }
        return Optional.empty();
    }

    /** All exponent bits set mean no number; adding one to the exponent carries into the bit above it exactly then. */
    private static boolean isFinite(Tensor tensor, long row, int head) {
        MemorySegment memory = tensor.memory();
        long offset = tensor.offset(row, head);
        int carries = 0;
        if (tensor.dtype() == DType.F32) {
            for (int i = 0; i < tensor.dim(); i++) {
                int bits = memory.get(JAVA_INT_UNALIGNED, offset + 4L * i);
                carries |= (bits & 0x7F800000) + 0x00800000;
            }
            return carries >= 0;
        }
        int exponent = tensor.dtype() == DType.F16 ? 0x7C00 : 0x7F80;
        int lowest = exponent & -exponent;
        for (int i = 0; i < tensor.dim(); i++) {
            int bits = memory.get(JAVA_SHORT_UNALIGNED, offset + 2L * i);
            carries |= (bits & exponent) + lowest;
        }
        return (carries & 0x8000) == 0;
    }

    private static NonFinite first(Tensor tensor, long row, int head) {
        int element = 0;
        while (Float.isFinite(tensor.get(row, head, element))) {
            element++;
        }
        return new NonFinite(row, head, element, tensor.get(row, head, element));
    }
}
