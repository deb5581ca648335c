package org.ringwood.runtime.process;

import java.io.PrintStream;
import java.time.Duration;
import org.ringwood.runtime.cluster.Progress;

/** For logs: a line when a long phase has gone on for a while, not more often than people want to read. */
final class LineDisplay implements ProgressDisplay {
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final PrintStream out;
    private long lastNanos = System.nanoTime();

    LineDisplay(PrintStream out) {
        this.out = out;
    }

    @Override
    public void show(Progress progress) {
        long now = System.nanoTime();
        if (now - lastNanos < INTERVAL.toNanos()) {
            return;
        }
        lastNanos = now;
        out.println(
                progress.total() > 0
                        ? "… " + progress.phase() + ", " + 100 * progress.done() / progress.total() + " % done"
                        : "… still " + progress.phase());
    }

    @Override
    public void close() {
        out.flush();
    }
}
