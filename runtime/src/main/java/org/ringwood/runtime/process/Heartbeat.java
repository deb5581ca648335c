package org.ringwood.runtime.process;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows the launcher that a worker lives, twice a second, by a file in the job's directory. Workers watch each other too and can tell
 * more; but one that is alone, or stopped together with all others, has only its launcher.
 */
public final class Heartbeat implements AutoCloseable {
    static final Duration PERIOD = Duration.ofMillis(500);

    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

    private final ScheduledExecutorService timer;

    /** The heartbeat of this process as a rank, from now on. */
    public Heartbeat(JobDirectory directory, int rank) {
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("heartbeat").factory());
        var _ = timer.scheduleWithFixedDelay(() -> beat(directory, rank), 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static void beat(JobDirectory directory, int rank) {
        try {
            directory.beat(rank);
        } catch (IOException gone) {
            // The directory goes with the launcher, and the lifeline tells of that.
            LOG.debug("cannot show the launcher that rank {} lives", rank, gone);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
