package org.ringwood.kernels;

import java.util.function.Function;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.kernels.pool.WorkerPool;

/** A device whose kernels run on threads of this JVM. */
final class PooledDevice implements Device {
    private final Devices.Kind kind;
    private final String arithmetic;
    private final CpuList cpus;
    private final String choice;
    private final WorkerPool pool;
    private final Kernels kernels;

    /** What runs on a pool. */
    record Kernels(AttentionKernels attention, GradientKernels gradients) {}

    /**
     * Opens the device with its own threads.
     *
     * @param arithmetic what its kernels compute with, for people
     * @param cpus what its threads are pinned to; none leaves that to the system
     * @param choice why it was chosen
     * @param provider makes the kernels that run on a pool
     */
    PooledDevice(
            Devices.Kind kind,
            String arithmetic,
            int threads,
            CpuList cpus,
            String choice,
            Function<WorkerPool, Kernels> provider) {
        this.kind = kind;
        this.arithmetic = arithmetic;
        this.cpus = cpus;
        this.choice = choice;
        this.pool = new WorkerPool("ringwood-" + kind, threads, cpus);
        this.kernels = provider.apply(pool);
    }

    @Override
    public AttentionKernels kernels() {
        return kernels.attention();
    }

    @Override
    public GradientKernels gradients() {
        return kernels.gradients();
    }

    @Override
    public Devices.Kind kind() {
        return kind;
    }

    @Override
    public String description() {
        return kind + ", " + arithmetic + ", " + threads() + (threads() == 1 ? " thread" : " threads")
                + (cpus.isEmpty() ? "" : " on cpus " + cpus);
    }

    @Override
    public String choice() {
        return choice;
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
