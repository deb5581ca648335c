package org.ringwood.runtime.worker;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.Progress;
import org.ringwood.runtime.process.ProgressDisplay;

/** Shows the progress of all ranks now and then: where rank 0 is, and how far those that are there too. */
final class ProgressFeed implements AutoCloseable {
    private static final Duration INTERVAL = Duration.ofMillis(500);

    private final Coordination coordination;
    private final ProgressDisplay display;
    private final ScheduledExecutorService timer;
    private final Future<?> showing;

    ProgressFeed(Coordination coordination, ProgressDisplay display) {
        this.coordination = coordination;
        this.display = display;
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("progress").factory());
        this.showing =
                timer.scheduleAtFixedRate(this::show, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void show() {
        List<Progress> all = coordination.progress();
        Progress first = all.getFirst();
        long done = 0;
        long total = 0;
        for (Progress progress : all) {
            boolean same = progress.phase().equals(first.phase());
            // Who is elsewhere has not begun, or is past it; the total of rank 0 stands for its own.
            done += same ? progress.done() : 0;
            total += same ? progress.total() : first.total();
        }
        display.show(new Progress(first.phase(), done, total));
    }

    @Override
    public void close() {
        showing.cancel(false);
        timer.shutdownNow();
        display.close();
    }
}
