package org.ringwood.kernels.cuda;

import java.util.Optional;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.cuda.driver.Driver;
import org.ringwood.kernels.cuda.driver.DriverException;
import org.ringwood.kernels.cuda.driver.Drivers;
import org.ringwood.kernels.pool.CpuList;

/** An NVIDIA GPU, with the threads that serve it: one queues kernels, one sees their end, one copies in either direction. */
public final class CudaDevice implements Device {
    private final Gpu gpu;
    private final CallQueue queue;
    private final CudaMemory memory;
    private final AttentionKernels kernels;
    private final String choice;

    private CudaDevice(Gpu gpu, CpuList cpus, String choice) {
        this.gpu = gpu;
        this.choice = choice;
        this.queue = new CallQueue(gpu, cpus);
        this.memory = new CudaMemory(gpu, queue, cpus);
        this.kernels = new CudaKernels(queue, gpu);
    }

    /**
     * Opens one of the devices that {@code CUDA_VISIBLE_DEVICES} leaves to this process. Processes of a node that see the same devices take them in turn.
     *
     * @param localRank number of this process among those of its node
     * @param cpus what the thread keeps to; none leaves that to the system
     * @param choice why it was chosen; empty if it was asked for
     * @throws UnsupportedOperationException if there is no device, or none that this build has kernels for; the message says why
     */
    public static CudaDevice open(int localRank, CpuList cpus, String choice) {
        try {
            Driver driver = Drivers.get();
            int count = driver.deviceCount();
            if (count == 0) {
                throw new UnsupportedOperationException("the NVIDIA driver has no device");
            }
            return new CudaDevice(new Gpu(driver, localRank % count), cpus, choice);
        } catch (DriverException failure) {
            throw new UnsupportedOperationException("the NVIDIA driver refuses: " + failure.getMessage(), failure);
        }
    }

    @Override
    public AttentionKernels kernels() {
        return kernels;
    }

    @Override
    public Optional<DeviceMemory> memory() {
        return Optional.of(memory);
    }

    @Override
    public Devices.Kind kind() {
        return Devices.Kind.CUDA;
    }

    @Override
    public String description() {
        return gpu.description();
    }

    @Override
    public String choice() {
        return choice;
    }

    @Override
    public int threads() {
        return 1;
    }

    @Override
    public void close() {
        queue.close();
        memory.stop();
        gpu.close(memory::close);
    }
}
