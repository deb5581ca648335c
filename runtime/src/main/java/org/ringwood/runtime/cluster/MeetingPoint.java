package org.ringwood.runtime.cluster;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.ringwood.collectives.PortRange;
import org.ringwood.collectives.connect.Interfaces;
import org.ringwood.runtime.files.InputException;

/** How the other ranks learn where rank 0 is. */
public sealed interface MeetingPoint {
    /** The port on which rank 0 must listen, 0 if any will do. */
    int port();

    /** This one, where rank 0 listens on the first of these ports, if they are fixed. */
    MeetingPoint at(PortRange ports);

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
        private static final Duration RETRY = Duration.ofMillis(100);

        /**
         * The one at which rank 0 listens and the others call it.
         *
         * @throws InputException if the host is not known
         */
        public InetAddress address() {
            try {
                return Interfaces.reachable(host);
            } catch (IllegalArgumentException unknown) {
                throw new InputException(String.valueOf(unknown.getMessage()), unknown);
            }
        }

        @Override
        public Known at(PortRange ports) {
            return ports.isFixed() ? new Known(host, ports.of(0)) : this;
        }

        @Override
        public void announce(String endpoint) {
            // Everybody knows already.
        }

        /** Calls until rank 0 listens: it may start much later, and Hazelcast waits for it at full speed. */
        @Override
        public Optional<String> find(Duration timeout) throws InterruptedException {
            InetSocketAddress master = new InetSocketAddress(address(), port);
            long deadline = System.nanoTime() + timeout.toNanos();
            for (long left = timeout.toMillis(); left > 0; left = (deadline - System.nanoTime()) / 1_000_000) {
                try (Socket call = new Socket()) {
                    call.connect(master, Math.clamp(left, 1, Integer.MAX_VALUE));
                    return Optional.of(literal(master.getAddress()) + ":" + port);
                } catch (IOException notYet) {
                    Thread.sleep(RETRY);
                }
            }
            return Optional.empty();
        }

        private static String literal(InetAddress address) {
            String text = address.getHostAddress();
            return address instanceof Inet6Address ? "[" + text + "]" : text;
        }

        @Override
        public String toString() {
            return host + ":" + port;
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

        /** Rank 0 will say on which port it listens. */
        @Override
        public InDirectory at(PortRange ports) {
            return this;
        }

        @Override
        public String toString() {
            return directory.toString();
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
