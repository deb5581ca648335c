package org.ringwood.runtime.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    private static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException notLinux) {
            return false;
        }
    }
}
