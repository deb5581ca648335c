package org.ringwood.benchmarks.measure;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The ceilings of this machine; the buffer that one of them reads is kept for all cases. */
final class Ceilings implements AutoCloseable {
    /** Well above any last-level cache in use. */
    private static final long BUFFER_BYTES = 1L << 29;

    private final Arena arena = Arena.ofShared();
    private @Nullable MemorySegment buffer;

    /** Floating-point operations a second, of f32 and fused. */
    Ceiling arithmetic(int threads) {
        return new Ceiling(Stream.generate(MultiplyAddLoop::new).limit(threads).toList());
    }

    /** Bytes a second, read from memory. */
    Ceiling reading(int threads) {
        if (buffer == null) {
            // Filled with zeros, so the pages are there.
            buffer = arena.allocate(BUFFER_BYTES, RandomOperands.ALIGNMENT);
        }
        List<ReadLoop> loops = new ArrayList<>();
        long part = BUFFER_BYTES / threads / ReadLoop.STRIP * ReadLoop.STRIP;
        for (int thread = 0; thread < threads; thread++) {
            loops.add(new ReadLoop(buffer.asSlice(thread * part, part)));
        }
        return new Ceiling(loops);
    }

    @Override
    public void close() {
        arena.close();
    }
}
