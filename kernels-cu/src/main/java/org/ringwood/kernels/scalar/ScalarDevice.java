package org.ringwood.kernels.scalar;

import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.pool.WorkerPool;

/** The oracle as a device: plain f64 loops, slow, exact but for the f32 of the states. */
public final class ScalarDevice implements Device {
    private final WorkerPool pool;
    private final AttentionKernels kernels;

    /** Opens the device with its own threads. */
    public ScalarDevice(int threads) {
        pool = new WorkerPool("ringwood-scalar", threads);
        kernels = new ScalarKernels(pool);
    }

    @Override
    public AttentionKernels kernels() {
        return kernels;
    }

    @Override
    public Devices.Kind kind() {
        return Devices.Kind.SCALAR;
    }

    @Override
    public String description() {
        return "scalar, f64 loops, " + threads() + (threads() == 1 ? " thread" : " threads");
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
