package org.ringwood.examples.minilm;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * A dense off-heap matrix of f32.
 *
 * @param memory {@code rows × columns} floats
 */
record Matrix(MemorySegment memory, int rows, int columns) {
    static Matrix allocate(Arena arena, int rows, int columns) {
        return new Matrix(arena.allocate((long) rows * columns * Float.BYTES, 64), rows, columns);
    }

    long offset(int row) {
        return (long) row * columns * Float.BYTES;
    }

    float get(int row, int column) {
        return memory.get(JAVA_FLOAT_UNALIGNED, offset(row) + (long) column * Float.BYTES);
    }

    void set(int row, int column, float value) {
        memory.set(JAVA_FLOAT_UNALIGNED, offset(row) + (long) column * Float.BYTES, value);
    }

    /** The same memory as {@code [rows, heads, columns / heads]}: what the projections write is what attention reads. */
    Tensor heads(int heads) {
        return Tensor.dense(memory, DType.F32, rows, heads, columns / heads);
    }
}
