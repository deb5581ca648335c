package org.ringwood.collectives.mpi;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.Tally;

/** A job of processes on one host that share a folder, and nothing else but what is tested. */
final class SharedFolder implements Rendezvous, Liveness {
    private static final String FAILURE = "failure";
    private static final VarHandle COUNT = JAVA_INT.varHandle();

    private final Path folder;
    private long lastProgress = System.nanoTime();

    SharedFolder(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    Path file(String name) {
        return folder.resolve(name.replace('/', '-'));
    }

    @Override
    public void publish(String key, String value) {
        try {
            Path draft = Files.createTempFile(folder, "draft", "");
            Files.writeString(draft, value);
            Files.move(draft, file(key), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String await(String key, Duration timeout) {
        long began = System.nanoTime();
        while (!Files.exists(file(key))) {
            if (System.nanoTime() - began > timeout.toNanos()) {
                throw new IllegalStateException("nobody published " + key);
            }
            LockSupport.parkNanos(1_000_000);
        }
        return read(file(key));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public @Nullable Failure failure() {
        Path file = file(FAILURE);
        if (!Files.exists(file)) {
            return null;
        }
        String[] parts = read(file).split("\n", 3);
        return new Failure(Integer.parseInt(parts[0]), "?", 0, Cause.valueOf(parts[1]), parts[2]);
    }

    /** The first one stays: a link to a file is made only if there is none. */
    @Override
    public void report(Failure failure) {
        try {
            Path draft = Files.createTempFile(folder, "draft", "");
            Files.writeString(draft, failure.rank() + "\n" + failure.cause() + "\n" + failure.detail());
            Files.createLink(file(FAILURE), draft);
        } catch (FileAlreadyExistsException known) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void progressed() {
        lastProgress = System.nanoTime();
    }

    @Override
    public long lastProgressNanos() {
        return lastProgress;
    }

    /** A count that all processes share. */
    Tally tally() throws IOException {
        try (FileChannel file = FileChannel.open(
                file("tally"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment count = file.map(MapMode.READ_WRITE, 0, JAVA_INT.byteSize(), Arena.ofAuto());
            return new Tally() {
                @Override
                public void add() {
                    COUNT.getAndAdd(count, 0L, 1);
                }

                @Override
                public int count() {
                    return (int) COUNT.getVolatile(count, 0L);
                }
            };
        }
    }
}
