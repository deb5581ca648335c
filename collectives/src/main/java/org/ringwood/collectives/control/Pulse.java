package org.ringwood.collectives.control;

import java.time.Duration;

/** The rhythm of heartbeats at one end of the control plane. */
final class Pulse {
    /** Heartbeats in the time after which silence is a failure. */
    private static final int BEATS = 8;

    private static final long SHORTEST_NANOS = 1_000_000;

    /** Also bounds how late a deadline is noticed. */
    private static final long LONGEST_NANOS = 250_000_000;

    private final long peerNanos;
    private final long intervalNanos;
    private long roundNanos;
    private long beatNanos;

    Pulse(Duration peerTimeout, long now) {
        peerNanos = peerTimeout.toNanos();
        intervalNanos = Math.clamp(peerNanos / BEATS, SHORTEST_NANOS, LONGEST_NANOS);
        roundNanos = now;
        beatNanos = now;
    }

    /** Longest time to wait for messages in one round, at least 1 ms. */
    long intervalMillis() {
        return intervalNanos / 1_000_000;
    }

    /**
     * Whether this process itself stood still since the last round (stopped, suspended, starved), so that the silence of
     * others means nothing. Called once a round.
     */
    boolean heldUp(long now) {
        boolean heldUp = now - roundNanos > peerNanos / 2;
        roundNanos = now;
        return heldUp;
    }

    /** Whether a heartbeat is due now; then the next is due an interval later. */
    boolean isDue(long now) {
        boolean due = now - beatNanos >= intervalNanos;
        if (due) {
            beatNanos = now;
        }
        return due;
    }

    /** What a silent rank did, for errors. */
    static String silence(Duration timeout) {
        return "was silent for %s (timeouts.peer): it is stopped, swapped out or cut off".formatted(seconds(timeout));
    }

    static String seconds(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }
}
