package org.ringwood.collectives.shm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** How much shared memory can still be had. */
final class FreeMemory {
    private static final Path MEMORY_INFO = Path.of("/proc/meminfo");
    private static final String AVAILABLE = "MemAvailable:";

    private FreeMemory() {}

    /**
     * Bytes that files in a directory may still take: no more than its file system has, nor than the host has, since a shared memory
     * file system may be larger than the memory behind it and taking too much then ends processes.
     */
    static long in(Path directory) {
        try {
            return Math.min(directory.toFile().getUsableSpace(), ofHost());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot see how much is free in " + directory, e);
        }
    }

    private static long ofHost() throws IOException {
        try (Stream<String> lines = Files.lines(MEMORY_INFO)) {
            return lines.filter(line -> line.startsWith(AVAILABLE))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst()
                    .orElse(Long.MAX_VALUE);
        }
    }
}
