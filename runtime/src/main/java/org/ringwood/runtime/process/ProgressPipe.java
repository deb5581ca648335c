package org.ringwood.runtime.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.ringwood.runtime.cluster.Progress;

/**
 * Carries rank 0's results and progress through one pipe, its standard output: the launcher prints the results and shows the
 * progress. Progress records begin with a character that no result has.
 */
public final class ProgressPipe implements ProgressDisplay {
    private static final String MARK = "\u0002";
    private static final int FIELDS = 3;

    private final PrintStream out;

    /** The worker's end. */
    public ProgressPipe(PrintStream out) {
        this.out = out;
    }

    @Override
    public void show(Progress progress) {
        out.println(MARK + progress.done() + " " + progress.total() + " " + progress.phase());
        out.flush();
    }

    @Override
    public void close() {
        out.flush();
    }

    /** The launcher's end: passes on what comes until the pipe ends. */
    public static void relay(InputStream pipe, PrintStream results, ProgressDisplay display) {
        try (display;
                BufferedReader lines = new BufferedReader(new InputStreamReader(pipe, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(MARK)) {
                    String[] fields = line.substring(MARK.length()).split(" ", FIELDS);
                    display.show(new Progress(fields[2], Long.parseLong(fields[0]), Long.parseLong(fields[1])));
                } else {
                    display.close();
                    results.println(line);
                }
            }
            results.flush();
        } catch (IOException broken) {
            throw new UncheckedIOException("the pipe from rank 0 broke", broken);
        }
    }
}
