package org.ringwood.benchmarks.measure;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The ceilings of this machine, each made and warmed up once. */
final class Ceilings implements AutoCloseable {
    /** Above any last-level cache in common use. */
    private static final long BUFFER_BYTES = 1L << 30;

    private final Arena arena = Arena.ofShared();
    private final Map<Integer, Ceiling> arithmetic = new HashMap<>();
    private final Map<Integer, Ceiling> reading = new HashMap<>();
    private final double warmUpSeconds;
    private @Nullable MemorySegment buffer;

    /** Ceilings that warm up for so long. */
    Ceilings(double warmUpSeconds) {
        this.warmUpSeconds = warmUpSeconds;
    }

    /** Floating-point operations a second, of f32 and fused. */
    Ceiling arithmetic(int threads) {
        return arithmetic.computeIfAbsent(
                threads,
                count -> new Ceiling(
                        Stream.generate(MultiplyAddLoop::new).limit(count).toList(), warmUpSeconds));
    }

    /** Bytes a second, read from memory. */
    Ceiling reading(int threads) {
        if (buffer == null) {
            // Filled with zeros, so the pages are there.
            buffer = arena.allocate(BUFFER_BYTES, RandomOperands.ALIGNMENT);
        }
        MemorySegment memory = buffer;
        return reading.computeIfAbsent(threads, count -> new Ceiling(readLoops(memory, count), warmUpSeconds));
    }

    private static List<ReadLoop> readLoops(MemorySegment memory, int count) {
        long part = BUFFER_BYTES / count / ReadLoop.STRIP * ReadLoop.STRIP;
        return IntStream.range(0, count)
                .mapToObj(thread -> new ReadLoop(memory.asSlice(thread * part, part)))
                .toList();
    }

    @Override
    public void close() {
        arithmetic.values().forEach(Ceiling::close);
        reading.values().forEach(Ceiling::close);
        arena.close();
    }
}
