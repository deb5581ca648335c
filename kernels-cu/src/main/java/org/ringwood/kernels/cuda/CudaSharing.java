package org.ringwood.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.Future;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.DeviceSharing;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.kernels.pool.WorkerPool;

/** Memory that processes share by CUDA IPC, and the thread with a stream that copies from it. */
final class CudaSharing implements DeviceSharing, AutoCloseable {
    /** The driver exports whole pages of this size: what else is in one could be read, too. */
    private static final long PAGE_BYTES = 2 << 20;

    private final Gpu gpu;
    private final DeviceMemory memory;
    private final Opened opened = new Opened();
    private final PeerCopies copies;
    private final WorkerPool pool;

    CudaSharing(Gpu gpu, DeviceMemory memory, CpuList cpus) {
        this.gpu = gpu;
        this.memory = memory;
        this.copies = opened.add(gpu.openPeerCopies(), peer -> gpu.release(peer::close));
        try {
            this.pool = opened.add(new WorkerPool("ringwood-cuda-peer", 1, cpus), WorkerPool::close);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    @Override
    public MemorySegment allocate(long bytes) {
        long pages = Math.max(1, Math.ceilDiv(bytes, PAGE_BYTES)) * PAGE_BYTES;
        return memory.allocate(pages).asSlice(0, bytes);
    }

    @Override
    public byte[] export(MemorySegment exported) {
        return gpu.share("the export of " + bytes(exported), driver -> driver.exportMemory(exported.address()));
    }

    @Override
    public MemorySegment open(byte[] handle, long bytes) {
        long address =
                gpu.share("the opening of " + bytes + " bytes of another process", driver -> driver.openMemory(handle));
        return Space.onDevice(address, bytes);
    }

    @Override
    public void close(MemorySegment foreign) {
        gpu.run("the closing of " + bytes(foreign) + " of another process", () -> copies.forget(foreign.address()));
    }

    @Override
    public Future<?> copy(MemorySegment from, MemorySegment to) {
        if (from.byteSize() != to.byteSize() || Space.of(from) != Space.DEVICE || Space.of(to) != Space.DEVICE) {
            throw new IllegalArgumentException(bytes(from) + " in space " + Space.of(from) + " can't be copied to "
                    + bytes(to) + " in space " + Space.of(to) + "; give as many bytes, both on devices");
        }
        return pool.submit(new Single(() -> gpu.run(
                "the copy of " + bytes(from) + " of another process",
                () -> copies.copy(from.address(), to.address(), from.byteSize()))));
    }

    private static String bytes(MemorySegment memory) {
        return memory.byteSize() + " bytes";
    }

    /** Ends the thread once its copies are done. */
    @Override
    public void close() {
        opened.close();
    }
}
