package org.ringwood.kernels.cuda;

import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.cuda.driver.Driver;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.kernels.pool.WorkerPool;

/**
 * Calls on a GPU in their order. One thread prepares and queues the work of each, another waits for the device to be done with it, so that a call is prepared
 * while the device works on those before.
 */
final class CallQueue implements AutoCloseable {
    private final Gpu gpu;
    private final WorkerPool calls;
    private final WorkerPool ends;

    CallQueue(Gpu gpu, CpuList cpus) {
        this.gpu = gpu;
        this.calls = new WorkerPool("ringwood-cuda", 1, cpus);
        try {
            this.ends = new WorkerPool("ringwood-cuda-end", 1, cpus);
        } catch (RuntimeException | Error e) {
            calls.close();
            throw e;
        }
    }

    /**
     * Runs work behind that of all calls so far.
     *
     * @param what as of {@link #submit}
     * @param work as of {@link #submit}
     * @return done when the work has run, and so all calls are queued on the device, which need not be done with them
     */
    Future<?> queue(String what, Gpu.Work work) {
        return calls.submit(new Single(() -> gpu.run(what, work)));
    }

    /**
     * Queues a call.
     *
     * @param what the call and its shapes, for messages
     * @param work run with the device's context; it may leave work queued on the device, also if it throws
     * @return done when the device is; fails with a {@link CudaException} or with what else the work throws
     */
    synchronized Future<?> submit(String what, Gpu.Work work) {
        Call call = new Call(what, work);
        Future<?> queued = calls.submit(new Single(call::queue));
        return ends.submit(new Single(() -> call.end(queued)));
    }

    /** Whether calls should give up because the device is closing. */
    boolean isClosed() {
        return calls.isClosed();
    }

    /** Ends the threads once the device is done with what it has begun; fails every unfinished call with {@link CancellationException}. */
    @Override
    public void close() {
        calls.close();
        // Whoever waits for a call may then free what it uses.
        Throwable failure = failure(ends.submit(new Single(() -> {})));
        ends.close();
        if (failure != null) {
            throw new IllegalStateException("the calls of the device did not end", failure);
        }
    }

    private final class Call {
        private final String what;
        private final Gpu.Work work;
        private Driver.@Nullable Event mark;

        Call(String what, Gpu.Work work) {
            this.what = what;
            this.work = work;
        }

        void queue() {
            gpu.run(what, () -> {
                try {
                    gpu.begin();
                    work.run();
                } catch (RuntimeException | Error failure) {
                    markEnd(failure);
                    throw failure;
                }
                mark = gpu.mark();
            });
        }

        /** What was queued before something went wrong still uses the call's memory. */
        private void markEnd(Throwable failure) {
            try {
                mark = gpu.mark();
            } catch (RuntimeException further) {
                failure.addSuppressed(further);
            }
        }

        void end(Future<?> queued) {
            Throwable failure = failure(queued);
            Driver.Event last = mark;
            // A device that this call lost answers no more; one that was lost before fails this call, too.
            if (last != null && (failure == null || !gpu.isLost())) {
                gpu.run(what, () -> gpu.await(last));
            }
            switch (failure) {
                case null -> {}
                case RuntimeException exception -> throw exception;
                case Error error -> throw error;
                default -> throw new IllegalStateException(failure);
            }
        }
    }

    /** Waits for a call to be queued; tells what went wrong. */
    private static @Nullable Throwable failure(Future<?> queued) {
        try {
            queued.get();
            return null;
        } catch (CancellationException cancelled) {
            return cancelled;
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (InterruptedException e) {
            throw new IllegalStateException("a thread of the device was interrupted", e);
        }
    }
}
