package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.ROW;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/** Takes a block of keys or values into scratch memory, as f32 rows that lie {@link Scratch#ROW} apart. */
final class Packing {
    private Packing() {}

    /** Packs rows {@code [from, from + count)} of a head. */
    static void pack(Tensor tensor, int head, long from, int count, float[] into, Scratch scratch) {
        int dim = tensor.dim();
        if (tensor.dtype() == DType.F32) {
            for (int i = 0; i < count; i++) {
                tensor.read(from + i, head, into, i * ROW);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(
                    tensor.memory(),
                    ValueLayout.JAVA_SHORT_UNALIGNED,
                    tensor.offset(from + i, head),
                    scratch.halves,
                    i * dim,
                    dim);
        }
        // All rows at once: a loop over one of them is too short for vectors.
        Widening.widen(tensor.dtype(), scratch.halves, scratch.wide, count * dim);
        for (int i = 0; i < count; i++) {
            System.arraycopy(scratch.wide, i * dim, into, i * ROW, dim);
        }
    }
}
