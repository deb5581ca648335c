package org.ringwood.runtime.process;

import java.io.IOException;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Timeouts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The launcher's watch over the heartbeats of its workers. It leaves them a grace period to miss one another first, since they can tell
 * what they were doing.
 */
public final class HeartbeatWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HeartbeatWatch.class);

    private final JobDirectory directory;
    private final Supervisor supervisor;
    private final Timeouts timeouts;
    private final Duration grace;
    private final Map<Integer, Life> lives = new HashMap<>();
    private final ScheduledExecutorService timer;
    private long lastLook = System.nanoTime();

    /** A rank's last beat, and when it was new. */
    private record Life(FileTime beat, long seen) {}

    /**
     * Watches from now on.
     *
     * @param directory in which the ranks' beats are expected
     * @param supervisor of the processes, which learns who is silent
     * @param timeouts {@code join} is for the first beat, {@code peer} for every other
     */
    public HeartbeatWatch(JobDirectory directory, Supervisor supervisor, Timeouts timeouts) {
        this(directory, supervisor, timeouts, Supervisor.GRACE);
    }

    HeartbeatWatch(JobDirectory directory, Supervisor supervisor, Timeouts timeouts, Duration grace) {
        this.directory = directory;
        this.supervisor = supervisor;
        this.timeouts = timeouts;
        this.grace = grace;
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("heartbeats").factory());
        long period = Heartbeat.PERIOD.toMillis();
        var _ = timer.scheduleWithFixedDelay(this::look, period, period, TimeUnit.MILLISECONDS);
    }

    private void look() {
        long now = System.nanoTime();
        // Who was stopped or starved itself has not looked, and knows nothing.
        boolean blind = now - lastLook > timeouts.peer().toNanos();
        lastLook = now;
        for (Child child : supervisor.running()) {
            try {
                FileTime beat = directory.lastBeat(child.rank());
                Life life = lives.get(child.rank());
                if (blind || life == null || !life.beat.equals(beat)) {
                    lives.put(child.rank(), new Life(beat, now));
                } else {
                    judge(child, life, now);
                }
            } catch (IOException unreadable) {
                LOG.warn("cannot see whether rank {} lives", child.rank(), unreadable);
            }
        }
    }

    private void judge(Child child, Life life, long now) {
        boolean started = !life.beat.equals(JobDirectory.NO_BEAT);
        Duration limit = started ? timeouts.peer() : timeouts.join();
        if (now - life.seen > limit.plus(grace).toNanos()) {
            supervisor.lost(
                    child,
                    Failure.Cause.SILENT,
                    started
                            ? "was silent for " + limit.toSeconds() + " s (is it stopped or starved?)"
                            : "did not start within " + limit.toSeconds()
                                    + " s (is it stopped or starved?); give it cores, or raise timeouts.join");
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
