package org.ringwood.kernels;

import java.util.function.Function;
import org.ringwood.kernels.pool.WorkerPool;

/** A device whose kernels run on threads of this JVM. */
final class PooledDevice implements Device {
    private final Devices.Kind kind;
    private final String arithmetic;
    private final WorkerPool pool;
    private final AttentionKernels kernels;

    /**
     * Opens the device with its own threads.
     *
     * @param arithmetic what its kernels compute with, for people
     * @param provider makes the kernels that run on a pool
     */
    PooledDevice(Devices.Kind kind, String arithmetic, int threads, Function<WorkerPool, AttentionKernels> provider) {
        this.kind = kind;
        this.arithmetic = arithmetic;
        this.pool = new WorkerPool("ringwood-" + kind, threads);
        this.kernels = provider.apply(pool);
    }

    @Override
    public AttentionKernels kernels() {
        return kernels;
    }

    @Override
    public Devices.Kind kind() {
        return kind;
    }

    @Override
    public String description() {
        return kind + ", " + arithmetic + ", " + threads() + (threads() == 1 ? " thread" : " threads");
    }

    @Override
    public int threads() {
        return pool.threads();
    }

    @Override
    public void close() {
        pool.close();
    }
}
