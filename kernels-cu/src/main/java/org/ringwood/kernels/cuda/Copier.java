package org.ringwood.kernels.cuda;

import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.kernels.pool.WorkerPool;

/** Copies in one direction, one after the other, by a stream and a thread of their own. */
final class Copier implements AutoCloseable {
    private final Gpu gpu;
    private final CopyStream stream;
    private final WorkerPool pool;

    /** Opens it; the device's context is current. */
    Copier(Gpu gpu, String name, CpuList cpus) {
        this.gpu = gpu;
        this.stream = gpu.openCopies();
        this.pool = new WorkerPool(name, 1, cpus);
    }

    /**
     * Queues a copy.
     *
     * @param what the copy and its shape, for messages
     */
    Future<?> submit(String what, Consumer<TensorCopies> copy) {
        return pool.submit(new Single(() -> gpu.run(what, () -> {
            try {
                copy.accept(stream.copies());
            } finally {
                stream.await();
            }
        })));
    }

    /** Ends the thread. */
    void stop() {
        pool.close();
    }

    /** Frees what it took, after it was stopped; the device's context is current. */
    @Override
    public void close() {
        stream.close();
    }
}
