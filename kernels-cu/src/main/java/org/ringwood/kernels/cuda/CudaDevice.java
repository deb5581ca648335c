package org.ringwood.kernels.cuda;

import java.util.Optional;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.GradientKernels;
import org.ringwood.kernels.cuda.driver.Driver;
import org.ringwood.kernels.cuda.driver.DriverException;
import org.ringwood.kernels.cuda.driver.Drivers;

/** An NVIDIA GPU, with the threads that serve it: one queues kernels, one sees their end, one copies in either direction. */
public final class CudaDevice implements Device {
    private static final String BUDGET = "org.ringwood.kernels.cuda.memory";

    private final Opened opened = new Opened();
    private final Gpu gpu;
    private final CallQueue queue;
    private final CudaMemory memory;
    private final AttentionKernels kernels;
    private final GradientKernels gradients;
    private final String choice;
    private final long budget;

    private CudaDevice(Driver driver, int ordinal, Devices.Share share, String choice) {
        this.choice = choice;
        this.budget = share.deviceMemory().orElse(Long.getLong(BUDGET, Long.MAX_VALUE));
        this.gpu = opened.add(new Gpu(driver, ordinal, budget), Gpu::close);
        try {
            this.queue = opened.add(new CallQueue(gpu, share.cpus()), CallQueue::close);
            this.memory = opened.add(new CudaMemory(gpu, queue, share.cpus()), CudaMemory::close);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
        this.kernels = new CudaKernels(queue, gpu);
        this.gradients = new CudaGradients(queue, gpu);
    }

    /**
     * Opens one of the devices that {@code CUDA_VISIBLE_DEVICES} leaves to this process. Processes of a node that see the same devices take them in turn.
     *
     * @param share what this process may use of the machine; its threads keep to the processors, whatever their number
     * @param choice why it was chosen; empty if it was asked for
     * @throws UnsupportedOperationException if there is no device, or none that this build has kernels for; the message says why
     */
    public static CudaDevice open(Devices.Share share, String choice) {
        try {
            Driver driver = Drivers.get();
            int count = driver.deviceCount();
            if (count == 0) {
                throw new UnsupportedOperationException("the NVIDIA driver has no device");
            }
            return new CudaDevice(driver, share.localRank() % count, share, choice);
        } catch (DriverException failure) {
            throw new UnsupportedOperationException("the NVIDIA driver refuses: " + failure.getMessage(), failure);
        }
    }

    @Override
    public AttentionKernels kernels() {
        return kernels;
    }

    @Override
    public GradientKernels gradients() {
        return gradients;
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
        return gpu.description() + (budget == Long.MAX_VALUE ? "" : ", at most " + MemoryPool.size(budget));
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
        opened.close();
    }
}
