package org.ringwood.collectives;

import java.time.Duration;
import java.util.Optional;

/**
 * When waiting ends.
 *
 * @param join for ranks to find each other
 * @param peer silence after which a peer counts as lost
 * @param stall time without progress of any rank
 * @param job the whole job, counted from the making of the group; empty for none
 */
public record Timeouts(Duration join, Duration peer, Duration stall, Optional<Duration> job) {
    /** 300 s to join, 5 s of silence, 10 minutes of stall, no deadline. */
    public static final Timeouts DEFAULT =
            new Timeouts(Duration.ofSeconds(300), Duration.ofSeconds(5), Duration.ofMinutes(10), Optional.empty());
}
