package org.ringwood.collectives;

import com.sun.management.OperatingSystemMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;

/** Ordinary native memory, reachable by all threads of the process. */
public final class NativeMemory implements GroupMemory {
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    /** @throws MemoryExhaustedException if there is not so much */
    public NativeMemory(long bytes) {
        try {
            segment = arena.allocate(bytes, ALIGNMENT);
        } catch (OutOfMemoryError exhausted) {
            arena.close();
            throw exhausted(bytes, exhausted);
        }
    }

    private static MemoryExhaustedException exhausted(long bytes, OutOfMemoryError error) {
        long free =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getFreeMemorySize();
        MemoryExhaustedException exception = new MemoryExhaustedException(
                "%d bytes of native memory were asked for, %d are free on this host, and the JVM says: %s; use more ranks or a machine with more memory"
                        .formatted(bytes, free, error.getMessage()));
        exception.initCause(error);
        return exception;
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    boolean isClosed() {
        return !arena.scope().isAlive();
    }

    @Override
    public void close() {
        if (!isClosed()) {
            arena.close();
        }
    }
}
