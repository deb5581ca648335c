package org.ringwood.collectives.mpi;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Liveness;

/**
 * MPI in this process. It is started once and, if it was started here, finalised when the process ends: not in the middle of a job,
 * and not once a peer was lost, for which it would wait.
 */
final class MpiProcess {
    /** Processes that have ended in order wait for the last one. */
    private static final Duration LONGEST_END = Duration.ofSeconds(60);

    /** After a failure, some may not come. */
    private static final Duration LONGEST_END_OF_FAILED = Duration.ofSeconds(2);

    /** mpirun asks all ranks to end as soon as one has died, and kills them after a second. */
    private static final Duration LONGEST_FAREWELL = Duration.ofMillis(800);

    /** For the thread that has left its group to say why. */
    private static final Duration LAST_WORDS = Duration.ofMillis(100);

    /** If set, Open MPI 4 prints its own explanations itself. Else it waits for mpirun to do so, which sleeps while it ends a job. */
    private static final String PRINTS_ITSELF = "orte_standalone_operation";

    private static @Nullable MpiProcess current;

    private final MpiLibrary library;
    private int open;
    private boolean failed;
    private boolean lost;

    MpiProcess(MpiLibrary library) {
        this.library = library;
    }

    /**
     * Starts MPI if nobody has: the host program may have, and then also ends it.
     *
     * @throws IllegalArgumentException if it lacks what the transport needs
     */
    static synchronized MpiProcess join(MpiBinding binding, int jobSize, Duration limit, Liveness liveness) {
        if (current == null) {
            current = start(binding, jobSize, limit, liveness);
        }
        current.enter();
        return current;
    }

    private static MpiProcess start(MpiBinding binding, int jobSize, Duration limit, Liveness liveness) {
        MpiEnvironment environment = MpiEnvironment.current();
        environment.requireHarmlessSignals();
        MpiLibrary library = binding.load();
        MpiProcess process = new MpiProcess(library);
        if (library.isInitialized()) {
            environment.requireSignalsLeftAlone();
        } else {
            environment.requireLauncher(jobSize);
            environment.prepare();
            Patience.await("MPI_Init_thread", limit, liveness, () -> {
                library.initialize(MpiLibrary.MULTIPLE);
                SharedLibrary.setFlag(PRINTS_ITSELF);
                return true;
            });
            Runtime.getRuntime()
                    .addShutdownHook(Thread.ofPlatform().name("mpi-end").unstarted(process::end));
        }
        return process;
    }

    private synchronized void enter() {
        requireThreads(library.threadLevel(), open);
        open++;
    }

    /** @param others transports that are open already, each for a thread of its own */
    static void requireThreads(int level, int others) {
        if (level < MpiLibrary.SERIALIZED || (level < MpiLibrary.MULTIPLE && others > 0)) {
            throw new IllegalArgumentException(
                    "MPI grants thread level %d of 3, and %s need %s; initialise it with MPI_THREAD_MULTIPLE, or take an Open MPI that was built with it"
                            .formatted(
                                    level,
                                    others > 0 ? "several groups in one process" : "Ringwood's threads",
                                    others > 0 ? "MPI_THREAD_MULTIPLE" : "MPI_THREAD_SERIALIZED at least"));
        }
    }

    /**
     * A transport is closed.
     *
     * @param failure of its job, if that has failed
     */
    synchronized void leave(@Nullable Failure failure) {
        open--;
        notifyAll();
        failed |= failure != null;
        lost |= failure != null && isLoss(failure);
    }

    /** Whether a failure means that its culprit does nothing any more. */
    static boolean isLoss(Failure failure) {
        return failure.cause() == Failure.Cause.DIED || failure.cause() == Failure.Cause.SILENT;
    }

    MpiLibrary library() {
        return library;
    }

    private synchronized Duration longestEnd() {
        if (lost || open > 0) {
            return Duration.ZERO;
        }
        return failed ? LONGEST_END_OF_FAILED : LONGEST_END;
    }

    /** The process ends. If it is in the middle of a job, that mostly has failed, and its thread is about to learn and say why. */
    private void end() {
        try {
            awaitLastWords();
            finish(longestEnd());
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void awaitLastWords() throws InterruptedException {
        if (open == 0) {
            return;
        }
        long deadline = System.nanoTime() + LONGEST_FAREWELL.toNanos();
        for (long left = 1; open > 0 && left > 0; left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())) {
            wait(left);
        }
        TimeUnit.MILLISECONDS.timedWait(this, LAST_WORDS.toMillis());
    }

    private void finish(Duration limit) throws InterruptedException {
        if (limit.isZero()) {
            return;
        }
        CompletableFuture<Boolean> ended = Patience.start("MPI_Finalize", () -> {
            library.end();
            return true;
        });
        try {
            ended.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException unfinished) {
            // The process ends all the same, and its launcher says that it left MPI early.
            return;
        }
    }
}
