package org.ringwood.runtime.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.files.StaleFiles;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

/**
 * A job with its processes and its directory, cleaned up however it ends: a signal to the launcher ends the processes in order
 * first, and what killed processes left in shared memory is removed.
 */
public final class SupervisedJob implements AutoCloseable {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private final Supervisor supervisor;
    private final JobDirectory directory;
    private final Runnable discard;
    private final Thread onSignal = new Thread(this::interrupted, "signal");

    /**
     * From now on a signal ends the job in order.
     *
     * @param discard removes what killed processes left unfinished elsewhere; called when all have ended
     */
    public SupervisedJob(Supervisor supervisor, JobDirectory directory, Runnable discard) {
        this.supervisor = supervisor;
        this.directory = directory;
        this.discard = discard;
        Runtime.getRuntime().addShutdownHook(onSignal);
    }

    /** Waits until every process has ended; returns the first failure, if there was one. */
    public Optional<JobFailure> await() throws InterruptedException {
        return supervisor.await();
    }

    private void interrupted() {
        supervisor.end(new JobFailure(
                new Failure(-1, "?", 0, Failure.Cause.CANCELLED, "the launcher was asked to end by a signal"),
                ExitStatus.TERMINATED));
        cleanUp();
    }

    private void cleanUp() {
        try {
            discard.run();
            directory.delete();
            StaleFiles.sweep(SHARED_MEMORY);
            JobDirectory.sweep();
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot clean up after the job", failed);
        }
    }

    /** Kills what still runs and removes what the job left on this machine. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(onSignal);
        } catch (IllegalStateException ending) {
            // The signal's thread cleans up.
            return;
        }
        supervisor.close();
        cleanUp();
    }
}
