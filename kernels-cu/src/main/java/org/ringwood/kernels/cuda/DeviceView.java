package org.ringwood.kernels.cuda;

import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * A tensor in device memory, as kernels are told of it.
 *
 * @param address its first element
 * @param dtype element type
 * @param dim elements of a head
 * @param tokenStride elements from one row to the next
 * @param headStride elements from one head to the next
 */
record DeviceView(long address, DType dtype, int dim, long tokenStride, long headStride) {
    static final long BYTES = 3 * Long.BYTES;

    private static final int VECTOR_BYTES = 16;

    /** A tensor that is in the device's space. */
    static DeviceView of(Tensor tensor) {
        return new DeviceView(
                tensor.memory().address(), tensor.dtype(), tensor.dim(), tensor.tokenStride(), tensor.headStride());
    }

    /** Whether every head begins at a multiple of a vector and is as long as some of them. */
    boolean isInVectors() {
        int bytes = dtype.bytes();
        return address % VECTOR_BYTES == 0
                && dim * bytes % VECTOR_BYTES == 0
                && tokenStride * bytes % VECTOR_BYTES == 0
                && headStride * bytes % VECTOR_BYTES == 0;
    }
}
