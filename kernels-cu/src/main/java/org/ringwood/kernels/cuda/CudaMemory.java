package org.ringwood.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.DeviceSharing;
import org.ringwood.kernels.KernelShapes;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.pool.CpuList;

/** A GPU's memory. What is allocated comes out of the pool of its calls, in their order. */
final class CudaMemory implements DeviceMemory, AutoCloseable {
    /** {@code false}: memory is not shared with other processes. */
    private static final String SHARES = "org.ringwood.kernels.cuda.ipc";

    /** Threads that upload: what a plan waits for. */
    private static final int UPLOADERS = 2;

    private final Gpu gpu;
    private final CallQueue queue;
    private final Opened opened = new Opened();
    private final Copier uploads;
    private final Copier downloads;
    private final CpuList cpus;
    private @Nullable CudaSharing sharing;

    /** The memory; the device's context is current. */
    CudaMemory(Gpu gpu, CallQueue queue, CpuList cpus) {
        this.gpu = gpu;
        this.queue = queue;
        this.cpus = cpus;
        this.uploads = opened.add(new Copier(gpu, "ringwood-cuda-upload", UPLOADERS, cpus), Copier::close);
        try {
            this.downloads = opened.add(new Copier(gpu, "ringwood-cuda-download", 1, cpus), Copier::close);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    @Override
    public MemorySegment allocate(long bytes) {
        long[] address = new long[1];
        // The pool may give out what a kernel still uses, as its next kernel comes later; a copy would not.
        await(queue.submit(
                "an allocation of " + bytes + " bytes",
                () -> address[0] = gpu.memory().take(bytes)));
        return Space.onDevice(address[0], bytes);
    }

    @Override
    public void free(MemorySegment memory) {
        if (!queue.isClosed()) {
            await(queue.submit("a release of memory", () -> gpu.memory().giveBack(memory.address())));
        }
    }

    private static void await(Future<?> call) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    call.get();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw e.getCause() instanceof RuntimeException failure
                            ? failure
                            : new IllegalStateException(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public Future<?> upload(Tensor from, Tensor to, Cancellation cancellation) {
        KernelShapes.requireCopy(from, Space.HOST, to, Space.DEVICE);
        return uploads.submit("the upload of " + from.shape(), from, to, cancellation, TensorCopies::upload);
    }

    @Override
    public Future<?> download(Tensor from, Tensor to, Cancellation cancellation) {
        KernelShapes.requireCopy(from, Space.DEVICE, to, Space.HOST);
        return downloads.submit("the download of " + from.shape(), from, to, cancellation, TensorCopies::download);
    }

    /** Made when it is first asked for, as it takes a thread and a stream. */
    @Override
    public synchronized Optional<DeviceSharing> sharing() {
        if (!Boolean.parseBoolean(System.getProperty(SHARES, "true"))) {
            return Optional.empty();
        }
        CudaSharing made = sharing;
        if (made == null) {
            made = opened.add(new CudaSharing(gpu, this, cpus), CudaSharing::close);
            sharing = made;
        }
        return Optional.of(made);
    }

    @Override
    public void after(long stream) {
        gpu.run("the wait for a caller's stream", () -> gpu.gate().comeAfter(stream));
    }

    @Override
    public void before(long stream) {
        await(queue.queue("the wait of a caller's stream", () -> gpu.holdBack(stream)));
    }

    /** Ends its threads, and frees what they took; copies that have not ended fail with {@link CancellationException}. */
    @Override
    public synchronized void close() {
        opened.close();
    }
}
