package org.ringwood.kernels.cpu;

import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.pool.WorkerPool;

/** This machine's cores. Needs a processor with fused multiply-add; without one it is right but very slow. */
public final class CpuDevice implements Device {
    private final WorkerPool pool;
    private final AttentionKernels kernels;

    /** Opens the device with its own threads. */
    public CpuDevice(int threads) {
        pool = new WorkerPool("ringwood-cpu", threads);
        kernels = new CpuKernels(pool);
    }

    @Override
    public AttentionKernels kernels() {
        return kernels;
    }

    @Override
    public Devices.Kind kind() {
        return Devices.Kind.CPU;
    }

    @Override
    public String description() {
        return "cpu, " + Vectors.FLOATS.vectorBitSize() + "-bit vectors, " + threads()
                + (threads() == 1 ? " thread" : " threads");
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
