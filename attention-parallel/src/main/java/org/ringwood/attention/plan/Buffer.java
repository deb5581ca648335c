package org.ringwood.attention.plan;

import org.ringwood.kernels.DType;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;

/**
 * A tensor that a rank's plan works on. The caller's tensors may have any strides. All others are dense and live in slots: memory
 * of the plan that buffers share one after the other, as the steps' dependencies order them.
 *
 * @param id index among the buffers of the rank
 * @param operand what it holds
 * @param slot which memory, {@link #CALLER} for a tensor of the caller
 * @param rows rows
 * @param heads heads a row
 * @param dim elements a head; of a state the elements of {@code out}
 * @param dtype element type
 * @param space where it is; all buffers of a slot are in one
 */
public record Buffer(int id, Operand operand, int slot, long rows, int heads, int dim, DType dtype, Space space) {
    /** Slot of a tensor that the caller owns. */
    public static final int CALLER = -1;

    /** This buffer on the device. */
    Buffer onDevice() {
        return new Buffer(id, operand, slot, rows, heads, dim, dtype, Space.DEVICE);
    }

    /** Whether the caller owns it. */
    public boolean isCallers() {
        return slot == CALLER;
    }

    /** Bytes of its elements. */
    public long bytes() {
        return operand == Operand.STATE
                ? SoftmaxState.bytes(rows, heads, dim)
                : Tensor.denseBytes(dtype, rows, heads, dim);
    }

    /** All of it. */
    public Part all() {
        return new Part(this, 0, rows, 0, heads);
    }

    /** Rows {@code [from, to)} of all heads. */
    public Part rows(long from, long to) {
        return new Part(this, from, to, 0, heads);
    }
}
