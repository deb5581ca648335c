package org.ringwood.collectives.mpi;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Liveness;

/**
 * Waits for calls of MPI that block until other processes have made them too. They run on a thread of their own, which is left to its
 * fate once the job has failed or time is up.
 */
final class Patience {
    private static final long LOOK_MILLIS = 20;

    private Patience() {}

    /**
     * The result of a call.
     *
     * @param call its name
     * @throws GroupFailureException if the job has failed meanwhile
     * @throws IllegalArgumentException if it takes longer than the limit
     */
    static <T> T await(String call, Duration limit, Liveness liveness, Supplier<T> blocking) {
        CompletableFuture<T> result = start(call, blocking);
        long began = System.nanoTime();
        while (System.nanoTime() - began < limit.toNanos()) {
            Failure failure = liveness.failure();
            if (failure != null) {
                throw new GroupFailureException(failure, "this rank waited in " + call);
            }
            if (isDone(result)) {
                return result.join();
            }
        }
        throw new IllegalArgumentException(
                "%s did not return within %s s: all processes that the launcher started must use transport mpi, and their hosts must reach each other"
                        .formatted(call, limit.toSeconds()));
    }

    /** Whether a call has ended, after a moment of waiting for it; throws what it has thrown. */
    private static boolean isDone(CompletableFuture<?> result) {
        try {
            result.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException stillRunning) {
            return false;
        } catch (ExecutionException thrown) {
            throw SharedLibrary.unchecked(Objects.requireNonNull(thrown.getCause()));
        } catch (InterruptedException cancelled) {
            Thread.currentThread().interrupt();
            throw new MpiException("interrupted while MPI waited for other processes", cancelled);
        }
    }

    /** A thread that does not keep the process alive. */
    static <T> CompletableFuture<T> start(String call, Supplier<T> blocking) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("mpi-" + call).start(() -> {
            try {
                result.complete(blocking.get());
            } catch (Throwable thrown) {
                result.completeExceptionally(thrown);
            }
        });
        return result;
    }
}
