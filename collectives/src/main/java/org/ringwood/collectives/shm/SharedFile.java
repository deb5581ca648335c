package org.ringwood.collectives.shm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.ringwood.collectives.MemoryExhaustedException;

/** A file of shared memory, mapped whole. Its memory lasts until every process that maps it has unmapped it or ended. */
final class SharedFile {
    private static final int ZEROS = 1 << 20;

    private final Path path;
    private final Arena arena;
    private final MemorySegment memory;

    private SharedFile(Path path, Arena arena, MemorySegment memory) {
        this.path = path;
        this.arena = arena;
        this.memory = memory;
    }

    /**
     * Makes a zeroed file that only this user can open. Its space is taken at once: a file with holes would end the process with a
     * bus error when it is touched and the space is gone.
     *
     * @throws MemoryExhaustedException if there is not so much space
     */
    static SharedFile create(Path directory, String name, long bytes) {
        long free = FreeMemory.in(directory);
        if (bytes > free) {
            throw exhausted(directory, bytes, "%d are free in %s".formatted(free, directory));
        }
        Path path = directory.resolve(name);
        try (FileChannel channel = FileChannel.open(
                path,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            fill(channel, bytes);
            return map(path, channel);
        } catch (IOException e) {
            discard(path, e);
            MemoryExhaustedException exhausted =
                    exhausted(directory, bytes, "%s says: %s".formatted(directory, e.getMessage()));
            exhausted.initCause(e);
            throw exhausted;
        }
    }

    /** Maps a file that another process made. */
    static SharedFile open(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return map(path, channel);
        }
    }

    private static void fill(FileChannel channel, long bytes) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(bytes, ZEROS));
        for (long left = bytes; left > 0; left -= zeros.position()) {
            zeros.clear().limit((int) Math.min(left, zeros.capacity()));
            channel.write(zeros);
        }
    }

    private static SharedFile map(Path path, FileChannel channel) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            return new SharedFile(path, arena, channel.map(MapMode.READ_WRITE, 0, channel.size(), arena));
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static void discard(Path path, IOException reason) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    private static MemoryExhaustedException exhausted(Path directory, long bytes, String reason) {
        return new MemoryExhaustedException(
                "%d bytes of shared memory were asked for, but %s; use more nodes, or enlarge it (mount -o remount,size=… %s; --shm-size for a container)"
                        .formatted(bytes, reason, directory));
    }

    MemorySegment memory() {
        return memory;
    }

    String name() {
        return path.getFileName().toString();
    }

    /** Takes the name away, so that nothing is left when the processes end; the memory stays. */
    void unlink() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + path, e);
        }
    }

    /** Ends this process's use of the memory. */
    void unmap() {
        arena.close();
    }
}
