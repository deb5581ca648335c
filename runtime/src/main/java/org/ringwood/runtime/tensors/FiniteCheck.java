package org.ringwood.runtime.tensors;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.files.InputException;

/** Looks for elements that are NaN or infinite. */
public final class FiniteCheck {
    private FiniteCheck() {}

    /**
     * Refuses a shard that has a NaN or an infinity.
     *
     * @param shard what was loaded
     * @param tokens global positions of its rows
     * @param source where it was loaded from
     * @param rank that loaded it
     * @throws InputException naming rank, tensor and the index of the first such element in row order, as
     *     {@code [token, head, element]} of the item
     */
    public static void requireFinite(Tensor shard, Positions tokens, TensorSource source, int rank) {
        for (long row = 0; row < shard.tokens(); row++) {
            for (int head = 0; head < shard.heads(); head++) {
                if (!isFinite(shard, row, head)) {
                    throw refusal(shard, row, head, tokens.position(row), source, rank);
                }
            }
        }
    }

    /** All exponent bits set mean no number; adding one to the exponent carries into the bit above it exactly then. */
    private static boolean isFinite(Tensor shard, long row, int head) {
        MemorySegment memory = shard.memory();
        long offset = shard.offset(row, head);
        int carries = 0;
        if (shard.dtype() == DType.F32) {
            for (int i = 0; i < shard.dim(); i++) {
                int bits = memory.get(JAVA_INT_UNALIGNED, offset + 4L * i);
                carries |= (bits & 0x7F800000) + 0x00800000;
            }
            return carries >= 0;
        }
        int exponent = shard.dtype() == DType.F16 ? 0x7C00 : 0x7F80;
        int lowest = exponent & -exponent;
        for (int i = 0; i < shard.dim(); i++) {
            int bits = memory.get(JAVA_SHORT_UNALIGNED, offset + 2L * i);
            carries |= (bits & exponent) + lowest;
        }
        return (carries & 0x8000) == 0;
    }

    private static InputException refusal(Tensor shard, long row, int head, long token, TensorSource source, int rank) {
        int element = 0;
        while (Float.isFinite(shard.get(row, head, element))) {
            element++;
        }
        TensorShape shape = source.shape();
        String item = shape.layout() == Layout.THD ? "" : " of item " + token / shape.itemTokens();
        return new InputException("rank " + rank + ": " + source.name() + " has " + shard.get(row, head, element)
                + " at [token, head, element] = [" + token % shape.itemTokens() + ", " + head + ", " + element + "]"
                + item
                + ": mend the input");
    }
}
