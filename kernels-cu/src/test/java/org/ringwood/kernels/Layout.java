package org.ringwood.kernels;

import java.lang.foreign.Arena;
import java.util.Random;

/** Ways in which frameworks lay a tensor out, each a set of strides. */
public enum Layout {
    /** {@code [tokens, heads, dim]}. */
    DENSE,
    /** {@code [heads, tokens, dim]}. */
    HEADS_FIRST,
    /** One of the three of {@code [tokens, 3, heads, dim]}. */
    FUSED,
    /** Gaps between heads and between tokens, starting at an odd element. */
    GAPS;

    /** A tensor of zeros, or of NaN in the gaps, which nothing may read. */
    public Tensor allocate(Arena arena, DType dtype, long tokens, int heads, int dim) {
        long tokenStride = switch (this) {
            case DENSE -> (long) heads * dim;
            case HEADS_FIRST -> dim;
            case FUSED -> 3L * heads * dim;
            case GAPS -> heads * (dim + 3L) + 5;
        };
        long headStride = switch (this) {
            case DENSE, FUSED -> dim;
            case HEADS_FIRST -> tokens * dim;
            case GAPS -> dim + 3L;
        };
        int lead = this == FUSED ? heads * dim : this == GAPS ? 7 : 0;
        long elements = lead + tokens * tokenStride + heads * headStride + 16;
        var memory = arena.allocate(elements * dtype.bytes(), 64);
        for (long i = 0; i < elements; i++) {
            dtype.set(memory, i * dtype.bytes(), Float.NaN);
        }
        var start = memory.asSlice((long) lead * dtype.bytes());
        return new Tensor(start, dtype, tokens, heads, dim, tokenStride, headStride);
    }

    /** A tensor of normal random numbers times {@code deviation}. */
    public Tensor random(Arena arena, DType dtype, long tokens, int heads, int dim, float deviation, Random random) {
        Tensor tensor = allocate(arena, dtype, tokens, heads, dim);
        for (long token = 0; token < tokens; token++) {
            for (int head = 0; head < heads; head++) {
                for (int i = 0; i < dim; i++) {
                    tensor.set(token, head, i, (float) random.nextGaussian() * deviation);
                }
            }
        }
        return tensor;
    }
}
