package org.ringwood.benchmarks.measure;

import java.lang.foreign.Arena;
import java.util.Optional;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.workload.Pass;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/** Operands of uniform random numbers with mean 0 and variance 1, the same in every run. */
final class RandomOperands {
    static final long ALIGNMENT = 64;

    private static final float HALF_WIDTH = (float) Math.sqrt(3);

    private long bits;

    private RandomOperands(long seed) {
        this.bits = seed;
    }

    /** Bytes of the operands, of one output, of the softmax state that it is made from, and of gradients. */
    static double bytes(Workload workload) {
        double keys = (double) workload.allKeys() * workload.keyHeads() * (workload.dim() + workload.dimV());
        double rows = (double) workload.allRows() * workload.heads() * (workload.dim() + workload.dimV());
        double state = (double) workload.allRows() * workload.heads() * (SoftmaxState.HEADER + workload.dimV());
        double forward = (keys + rows) * workload.dtype().bytes() + state * Float.BYTES;
        // Those of the output are of its dtype, the others are kept as sums in f32 and rounded.
        double gradients = (keys + rows) * (workload.dtype().bytes() + Float.BYTES);
        return workload.pass() == Pass.BACKWARD ? forward + gradients : forward;
    }

    static Operands of(Workload workload, Arena arena) {
        long rows = workload.allRows();
        long keys = workload.allKeys();
        DType dtype = workload.dtype();
        Operands operands = new Operands(
                workload,
                allocate(arena, workload, dtype, rows, workload.heads(), workload.dim()),
                allocate(arena, workload, dtype, keys, workload.keyHeads(), workload.dim()),
                allocate(arena, workload, dtype, keys, workload.keyHeads(), workload.dimV()),
                workload.pass() == Pass.BACKWARD
                        ? Optional.of(allocate(arena, workload, dtype, rows, workload.heads(), workload.dimV()))
                        : Optional.empty());
        new RandomOperands(1).fill(operands.queries());
        new RandomOperands(2).fill(operands.keys());
        new RandomOperands(3).fill(operands.values());
        operands.outGradients().ifPresent(new RandomOperands(4)::fill);
        return operands;
    }

    /** A tensor in the workload's layout. */
    static Tensor allocate(Arena arena, Workload workload, DType dtype, long tokens, int heads, int dim) {
        var memory = arena.allocate(Tensor.denseBytes(dtype, tokens, heads, dim), ALIGNMENT);
        return switch (workload.layout()) {
            case HTD -> new Tensor(memory, dtype, tokens, heads, dim, dim, tokens * dim);
            case THD -> Tensor.dense(memory, dtype, tokens, heads, dim);
        };
    }

    private void fill(Tensor tensor) {
        float[] numbers = new float[tensor.dim()];
        for (int head = 0; head < tensor.heads(); head++) {
            for (long token = 0; token < tensor.tokens(); token++) {
                for (int i = 0; i < numbers.length; i++) {
                    numbers[i] = next();
                }
                tensor.write(token, head, numbers, 0);
            }
        }
    }

    /** Steele and Vigna's 64-bit linear congruential generator; the upper bits are the random ones. */
    private float next() {
        bits = bits * 0xD1342543DE82EF95L + 1;
        return (bits >> 40) * (HALF_WIDTH / (1 << 23));
    }
}
