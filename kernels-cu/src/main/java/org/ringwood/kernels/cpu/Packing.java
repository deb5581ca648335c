package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.ROW;

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
        Widening.widen(tensor, head, from, count, scratch.halves, dim, scratch.wide);
        for (int i = 0; i < count; i++) {
            System.arraycopy(scratch.wide, i * dim, into, i * ROW, dim);
        }
    }
}
