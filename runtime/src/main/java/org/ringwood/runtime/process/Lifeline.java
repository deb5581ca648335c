package org.ringwood.runtime.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pipe from a launcher to its worker: the launcher writes failures it learns of, and when it dies the pipe ends. What
 * comes before anybody listens is kept for the first listener.
 */
public final class Lifeline {
    private static final Logger LOG = LoggerFactory.getLogger(Lifeline.class);

    private @Nullable Consumer<JobFailure> listener;
    private @Nullable JobFailure first;
    private volatile boolean cut;

    /** The launcher's end: tells a worker of a failure. */
    public static void tell(Process worker, JobFailure failure) {
        try {
            OutputStream pipe = worker.getOutputStream();
            pipe.write((failure.encode() + "\n").getBytes(StandardCharsets.UTF_8));
            pipe.flush();
        } catch (IOException ended) {
            // It has ended or does not read; the grace period decides.
            LOG.debug("process {} cannot be told of the failure", worker.pid(), ended);
        }
    }

    /** Listens to a pipe on a thread of its own. */
    public static Lifeline on(InputStream pipe) {
        Lifeline lifeline = new Lifeline();
        Thread.ofPlatform().daemon().name("lifeline").start(() -> lifeline.read(pipe));
        return lifeline;
    }

    private void read(InputStream pipe) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(pipe, StandardCharsets.UTF_8))) {
            String line = lines.readLine();
            hear(line == null ? launcherEnded("its pipe closed") : JobFailure.decode(line));
        } catch (IOException broken) {
            hear(launcherEnded(broken.getMessage()));
        }
    }

    /** Whether the launcher is gone. */
    public boolean isCut() {
        return cut;
    }

    private JobFailure launcherEnded(@Nullable String how) {
        cut = true;
        return new JobFailure(
                new Failure(-1, "?", 0, Failure.Cause.CANCELLED, "the launcher of the job ended (" + how + ")"),
                ExitStatus.TERMINATED);
    }

    private synchronized void hear(JobFailure failure) {
        if (listener != null) {
            listener.accept(failure);
        } else {
            first = failure;
        }
    }

    /** Tells the listener of the first failure, at once if it came already. Replaces an earlier listener. */
    public synchronized void listen(Consumer<JobFailure> newListener) {
        listener = newListener;
        if (first != null) {
            newListener.accept(first);
            first = null;
        }
    }
}
