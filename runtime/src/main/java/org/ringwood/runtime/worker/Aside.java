package org.ringwood.runtime.worker;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.ProcessGroup;

/**
 * Does work that may take long and needs no other rank on a thread of its own, while the rank waits for it in its group. So the
 * others see that this rank computes and is not stalled, and the wait ends if the job fails.
 */
final class Aside {
    private Aside() {}

    /**
     * Returns what the work returns, and throws what it throws.
     *
     * @param what is done, for errors
     * @param work computes only: it waits for nobody and so ends by itself
     * @throws org.ringwood.collectives.GroupFailureException if the job fails meanwhile; the work is interrupted then
     */
    static <T> T compute(ProcessGroup group, String what, Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work) {
            @Override
            protected void done() {
                group.wake();
            }
        };
        Thread.ofPlatform().daemon().name(what).start(task);
        try {
            group.await(new ProcessGroup.Wait() {
                @Override
                public boolean done() {
                    return task.isDone();
                }

                @Override
                public boolean computing() {
                    return true;
                }

                @Override
                public String describe() {
                    return what;
                }
            });
            return task.get();
        } catch (ExecutionException failed) {
            throw rethrown(failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + what, interrupted);
        } finally {
            task.cancel(true);
        }
    }

    private static RuntimeException rethrown(@Nullable Throwable thrown) {
        return switch (thrown) {
            case RuntimeException unchecked -> unchecked;
            case Error error -> throw error;
            case null, default -> new IllegalStateException(thrown);
        };
    }
}
