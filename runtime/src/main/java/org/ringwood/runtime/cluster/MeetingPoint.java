package org.ringwood.runtime.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** How the other ranks learn where rank 0 is. */
public sealed interface MeetingPoint {
    /** The port on which rank 0 must listen, 0 if any will do. */
    int port();

    /** Called by rank 0 once it listens at {@code host:port}. */
    void announce(String endpoint) throws IOException;

    /** Where rank 0 is, as {@code host:port}; empty if it did not say so in time. */
    Optional<String> find(Duration timeout) throws IOException, InterruptedException;

    /**
     * An endpoint that all know beforehand, from Slurm or a variable.
     *
     * @param host of rank 0
     * @param port of rank 0
     */
    record Known(String host, int port) implements MeetingPoint {
        @Override
        public void announce(String endpoint) {
            // Everybody knows already.
        }

        @Override
        public Optional<String> find(Duration timeout) {
            return Optional.of(host + ":" + port);
        }
    }

    /**
     * A directory that only this user can read; rank 0 picks a free port and writes it into a file there.
     *
     * @param directory of the job
     */
    record InDirectory(Path directory) implements MeetingPoint {
        private static final String FILE = "rank-0.endpoint";

        @Override
        public int port() {
            return 0;
        }

        @Override
        public void announce(String endpoint) throws IOException {
            Path unfinished = directory.resolve(FILE + ".new");
            Files.writeString(unfinished, endpoint, StandardCharsets.UTF_8);
            Files.move(unfinished, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        }

        @Override
        public Optional<String> find(Duration timeout) throws IOException, InterruptedException {
            Path file = directory.resolve(FILE);
            long deadline = System.nanoTime() + timeout.toNanos();
            try (WatchService changes = directory.getFileSystem().newWatchService()) {
                directory.register(changes, StandardWatchEventKinds.ENTRY_CREATE);
                while (!Files.exists(file)) {
                    long left = deadline - System.nanoTime();
                    if (left <= 0) {
                        return Optional.empty();
                    }
                    var key = changes.poll(left, TimeUnit.NANOSECONDS);
                    if (key != null) {
                        key.pollEvents();
                        key.reset();
                    }
                }
            }
            return Optional.of(Files.readString(file, StandardCharsets.UTF_8));
        }
    }
}
