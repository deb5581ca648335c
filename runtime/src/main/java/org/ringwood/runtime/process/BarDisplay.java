package org.ringwood.runtime.process;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import org.ringwood.runtime.cluster.Progress;

/** A bar a phase, redrawn in place. */
final class BarDisplay implements ProgressDisplay {
    private static final int REDRAW_MILLIS = 200;

    private @Nullable ProgressBar bar;
    private String phase = "";

    @Override
    public void show(Progress progress) {
        if (bar == null || !phase.equals(progress.phase())) {
            close();
            phase = progress.phase();
            bar = new ProgressBarBuilder()
                    .setTaskName(phase)
                    .setInitialMax(progress.total())
                    .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                    .setUpdateIntervalMillis(REDRAW_MILLIS)
                    .clearDisplayOnFinish()
                    .build();
        }
        bar.maxHint(progress.total());
        bar.stepTo(progress.done());
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
