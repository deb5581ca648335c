package org.ringwood.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory for a kernel's argument, written field by field; fields are naturally aligned if 8-byte ones come in pairs of 4-byte ones. */
final class Arguments {
    private final MemorySegment memory;
    private long at;

    private Arguments(MemorySegment memory) {
        this.memory = memory;
    }

    /** A structure of so many bytes. */
    static Arguments structure(Arena arena, long bytes) {
        return new Arguments(arena.allocate(bytes, Long.BYTES));
    }

    static MemorySegment of(Arena arena, long value) {
        return arena.allocateFrom(JAVA_LONG, value);
    }

    static MemorySegment of(Arena arena, int value) {
        return arena.allocateFrom(JAVA_INT, value);
    }

    /** A {@code View} of call.cuh. */
    static MemorySegment view(Arena arena, DeviceView view) {
        return structure(arena, DeviceView.BYTES).put(view).memory();
    }

    Arguments put(DeviceView view) {
        return put(view.address()).put(view.tokenStride()).put(view.headStride());
    }

    /** The fields of {@code Dropout} of call.cuh. */
    Arguments put(PlacedDropout placed) {
        return put(placed.queries())
                .put(placed.keys())
                .put(placed.dropout().seed())
                .put(placed.dropout().firstHead())
                .put(placed.dropout().threshold())
                .put((float) placed.dropout().scale())
                .put(0);
    }

    Arguments put(long value) {
        memory.set(JAVA_LONG, at, value);
        at += Long.BYTES;
        return this;
    }

    Arguments put(int value) {
        memory.set(JAVA_INT, at, value);
        at += Integer.BYTES;
        return this;
    }

    Arguments put(float value) {
        memory.set(JAVA_FLOAT, at, value);
        at += Float.BYTES;
        return this;
    }

    MemorySegment memory() {
        return memory;
    }
}
