package org.ringwood.collectives.control;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFailureException;

/**
 * Calls rank 0 until it answers: it may start later than the others, and its name may become known later.
 *
 * @param hub where rank 0 listens
 * @param rank that calls
 * @param patience for errors
 */
record Dialling(InetSocketAddress hub, int rank, Duration patience) {
    private static final Duration RETRY = Duration.ofMillis(50);

    SocketChannel connect(long deadline) throws IOException {
        while (true) {
            String obstacle;
            SocketChannel channel = SocketChannel.open();
            try {
                channel.socket().connect(resolved(), remainingMillis(deadline));
                return channel;
            } catch (IOException e) {
                channel.close();
                obstacle = e.getMessage() == null ? e.toString() : e.getMessage();
            }
            if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
                String detail =
                        "could not be reached at %s:%d within %s (%s); see that it runs and that this is its address"
                                .formatted(hub.getHostString(), hub.getPort(), Pulse.seconds(patience), obstacle);
                throw new GroupFailureException(
                        new Failure(0, "?", 0, Cause.SILENT, detail), "rank %d joined the group".formatted(rank));
            }
            LockSupport.parkNanos(this, RETRY.toNanos());
        }
    }

    private InetSocketAddress resolved() {
        return hub.isUnresolved() ? new InetSocketAddress(hub.getHostString(), hub.getPort()) : hub;
    }

    private static int remainingMillis(long deadline) {
        return Math.clamp((deadline - System.nanoTime()) / 1_000_000, 1, Integer.MAX_VALUE);
    }
}
