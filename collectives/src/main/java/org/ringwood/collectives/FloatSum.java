package org.ringwood.collectives;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Adds f32. */
enum FloatSum implements Reducer {
    INSTANCE;

    @Override
    public void reduce(MemorySegment lower, MemorySegment higher, MemorySegment into) {
        for (long at = 0; at < into.byteSize(); at += Float.BYTES) {
            into.set(
                    JAVA_FLOAT_UNALIGNED,
                    at,
                    lower.get(JAVA_FLOAT_UNALIGNED, at) + higher.get(JAVA_FLOAT_UNALIGNED, at));
        }
    }

    @Override
    public boolean commutes() {
        return true;
    }
}
