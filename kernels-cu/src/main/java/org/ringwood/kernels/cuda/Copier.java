package org.ringwood.kernels.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.kernels.pool.Phase;
import org.ringwood.kernels.pool.WorkerPool;

/**
 * Copies in one direction, one after the other, by threads with a stream each: a large tensor is cut among them, as one thread fills pinned memory slower than the
 * device reads it.
 */
final class Copier implements AutoCloseable {
    private final Gpu gpu;
    private final Opened opened = new Opened();
    private final List<CopyStream> streams = new ArrayList<>();
    private final WorkerPool pool;

    /** Copies a tensor, or some rows of it. */
    @FunctionalInterface
    interface Copy {
        /** Copies all of {@code from} to {@code to}. */
        void copy(TensorCopies copies, Tensor from, Tensor to);
    }

    /** Opens it; the device's context is current. */
    Copier(Gpu gpu, String name, int threads, CpuList cpus) {
        this.gpu = gpu;
        try {
            for (int i = 0; i < threads; i++) {
                streams.add(opened.add(gpu.openCopies(), copies -> gpu.release(copies::close)));
            }
            this.pool = opened.add(new WorkerPool(name, threads, cpus), WorkerPool::close);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /**
     * Queues a copy.
     *
     * @param what the copy and its shape, for messages
     */
    Future<?> submit(String what, Tensor from, Tensor to, Cancellation cancellation, Copy copy) {
        Runnable poll = () -> poll(cancellation);
        int parts = Math.clamp(Math.ceilDiv(from.denseBytes(), Staging.PIECE_BYTES), 1, streams.size());
        return pool.submit(new Phase() {
            @Override
            public int tasks() {
                return parts;
            }

            @Override
            public void run(int part, int worker) {
                long first = from.tokens() * part / parts;
                long end = from.tokens() * (part + 1) / parts;
                gpu.run(what, () -> copy(streams.get(worker), from.rows(first, end), to.rows(first, end), copy, poll));
            }
        });
    }

    private void poll(Cancellation cancellation) {
        if (pool.isClosed()) {
            throw new CancellationException("the device was closed");
        }
        if (cancellation.requested()) {
            throw new CancellationException("the copy was cancelled");
        }
    }

    private static void copy(CopyStream stream, Tensor from, Tensor to, Copy copy, Runnable poll) {
        try {
            copy.copy(stream.copies(poll), from, to);
        } finally {
            stream.await();
        }
    }

    /** Ends the threads, and frees what they took; copies that have not ended fail with {@link CancellationException}. */
    @Override
    public void close() {
        opened.close();
    }
}
