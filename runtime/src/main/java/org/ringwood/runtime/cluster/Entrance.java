package org.ringwood.runtime.cluster;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.runtime.files.InputException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a rank gets into the job's cluster. Hazelcast waits one second until it is connected to rank 0, whatever its settings say, and
 * shuts the new member down if that takes longer, as it does where cores are short. So a rank that did not get in tries again, until
 * the ranks should have come together.
 */
final class Entrance {
    private static final Logger LOG = LoggerFactory.getLogger(Entrance.class);

    /** Between two attempts, so that they leave the cores to rank 0. */
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final ClusterSettings settings;
    private final long deadline;
    private final Function<Config, HazelcastInstance> starter;

    /** @param deadline by {@link System#nanoTime()} */
    Entrance(ClusterSettings settings, long deadline) {
        this(settings, deadline, Hazelcast::newHazelcastInstance);
    }

    /** As the other, with another way to start a member. */
    Entrance(ClusterSettings settings, long deadline, Function<Config, HazelcastInstance> starter) {
        this.settings = settings;
        this.deadline = deadline;
        this.starter = starter;
    }

    /**
     * Founds the cluster as rank 0, enters it as any other.
     *
     * @throws InputException if this rank cannot listen at its address and port
     * @throws GroupFailureException if rank 0 cannot be reached in time
     */
    HazelcastInstance enter() {
        if (settings.me().rank() == 0) {
            return attempt(Optional.empty());
        }
        try {
            while (true) {
                String master = findMaster();
                try {
                    return attempt(Optional.of(master));
                } catch (IllegalStateException | HazelcastException outside) {
                    if (left().compareTo(PAUSE) <= 0) {
                        throw StartFailure.outside(settings, master, outside);
                    }
                    LOG.debug("did not get into the cluster at {} and tries again", master, outside);
                }
                Thread.sleep(PAUSE);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while joining rank 0", interrupted);
        }
    }

    private HazelcastInstance attempt(Optional<String> master) {
        try {
            return starter.apply(MemberConfig.of(settings, master, left()));
        } catch (RuntimeException failed) {
            throw StartFailure.ofPort(settings, failed).orElseThrow(() -> failed);
        }
    }

    private Duration left() {
        return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    private String findMaster() throws InterruptedException {
        try {
            return settings.meeting().find(left()).orElseThrow(() -> StartFailure.absent(settings));
        } catch (IOException unreadable) {
            throw new InputException("cannot read where rank 0 is: " + unreadable.getMessage(), unreadable);
        }
    }
}
