package org.ringwood.attention.plan;

import java.util.BitSet;
import java.util.List;
import org.ringwood.attention.AttentionShape;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Space;

/**
 * What one rank does. Running the steps in the order of their ids is always right; the dependencies tell what may overlap.
 *
 * @param rank whose plan it is
 * @param queryPositions global positions of the rank's query and output rows
 * @param keyPositions global positions of the rank's key and value rows
 * @param buffers by id; the caller's come first, each of another {@link Operand}
 * @param steps by id
 */
public record RankPlan(
        int rank, Positions queryPositions, Positions keyPositions, List<Buffer> buffers, List<Step> steps) {
    /** The immutable plan. */
    public RankPlan {
        buffers = List.copyOf(buffers);
        steps = List.copyOf(steps);
    }

    /** Bytes of every slot: of the largest buffer that lives in it. */
    public long[] slotBytes() {
        long[] bytes = new long[buffers.stream().mapToInt(Buffer::slot).max().orElse(Buffer.CALLER) + 1];
        for (Buffer buffer : buffers) {
            if (!buffer.isCallers()) {
                bytes[buffer.slot()] = Math.max(bytes[buffer.slot()], buffer.bytes());
            }
        }
        return bytes;
    }

    /** The slots that are on the device. */
    public BitSet slotsOnDevice() {
        BitSet slots = new BitSet();
        for (Buffer buffer : buffers) {
            if (!buffer.isCallers() && buffer.space() == Space.DEVICE) {
                slots.set(buffer.slot());
            }
        }
        return slots;
    }

    /** Bytes of the slots that are on the device. */
    public long deviceBytes() {
        long[] bytes = slotBytes();
        return slotsOnDevice().stream().mapToLong(slot -> bytes[slot]).sum();
    }

    /** Bytes of all tensors together: the caller's and the slots. */
    public long peakTensorBytes() {
        long bytes = 0;
        for (Buffer buffer : buffers) {
            bytes += buffer.isCallers() ? buffer.bytes() : 0;
        }
        for (long slot : slotBytes()) {
            bytes += slot;
        }
        return bytes;
    }

    /** Floating-point operations of what the rank attends or differentiates, {@link Long#MAX_VALUE} if more. */
    public long flops(AttentionShape shape) {
        long flops = 0;
        for (Step step : steps) {
            if (step instanceof Step.Kernel kernel) {
                long more = kernel.flops(shape);
                flops = more > Long.MAX_VALUE - flops ? Long.MAX_VALUE : flops + more;
            }
        }
        return flops;
    }
}
