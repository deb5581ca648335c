package org.ringwood.runtime.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.ringwood.runtime.cluster.Progress;

/** Shows people how far a job is. */
public interface ProgressDisplay extends AutoCloseable {
    /** Shows the progress of the whole job. */
    void show(Progress progress);

    /** Ends the display, so that other output may follow. */
    @Override
    void close();

    /** A bar if standard error is a terminal, a line now and then elsewhere. */
    static ProgressDisplay onStandardError() {
        return isTerminal() ? new BarDisplay() : new LineDisplay(System.err);
    }

    /** Where rank 0 of a job shows progress: a pipe to our own launcher, if that started it; else standard error. */
    static ProgressDisplay ofRankZero(Optional<JobDirectory> launched) {
        return launched.isPresent() ? new ProgressPipe(System.out) : onStandardError();
    }

    private static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException notLinux) {
            return false;
        }
    }
}
