package org.ringwood.collectives.control;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.control.Message.Challenge;
import org.ringwood.collectives.control.Message.Heartbeat;
import org.ringwood.collectives.control.Message.Hello;

/** A connection as the hub sees it: a guest at first, a rank once it has proven itself. */
final class Peer {
    private final Connection connection;
    private final Challenge challenge = Token.challenge();
    private @Nullable Hello hello;
    private long heardNanos;
    private long progress;
    private boolean left;
    private boolean gone;

    Peer(Connection connection, long now) {
        this.connection = connection;
        heardNanos = now;
    }

    Connection connection() {
        return connection;
    }

    Challenge challenge() {
        return challenge;
    }

    /** What it said of itself, or null while it is a guest. */
    @Nullable
    Hello hello() {
        return hello;
    }

    void admit(Hello proven) {
        hello = proven;
        connection.trust();
    }

    void heard(long now) {
        heardNanos = now;
    }

    boolean silentFor(long nanos, long now) {
        return now - heardNanos > nanos;
    }

    /** Whether it has made progress since its last heartbeat. */
    boolean progressed(Heartbeat heartbeat) {
        boolean news = heartbeat.progress() != progress;
        progress = heartbeat.progress();
        return news;
    }

    void leave() {
        left = true;
    }

    /** Closed; to be forgotten. */
    boolean isGone() {
        return gone;
    }

    /** Whether the job still counts on it. */
    boolean isPresent() {
        return !left && !gone;
    }

    /** A message for it; a peer that cannot be reached any more shows when it is read. */
    void send(Message message) throws IOException {
        if (!gone) {
            connection.send(message);
        }
    }

    void close() {
        gone = true;
        connection.close();
    }

    Failure failure(Cause cause, String detail) {
        return hello == null
                ? new Failure(-1, "?", 0, cause, detail)
                : new Failure(hello.rank(), hello.host(), hello.pid(), cause, detail);
    }
}
