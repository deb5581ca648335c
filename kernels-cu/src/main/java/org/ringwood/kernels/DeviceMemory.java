package org.ringwood.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.Future;

/**
 * The memory of a device that has its own, and copies to and from it, which overlap with kernels and with each other. Nothing orders copies and kernels but
 * their futures: one that needs what another leaves is called when that one's future is done.
 *
 * <p>For any thread. Memory is freed with the device at the latest.
 */
public interface DeviceMemory {
    /**
     * Memory of undefined content, in {@link Space#DEVICE}, at a multiple of 256 bytes. Waits for the kernels that were called before.
     *
     * @throws DeviceFullException if there is not so much
     */
    MemorySegment allocate(long bytes);

    /**
     * Frees what {@link #allocate} gave, once all calls that use it are done; without effect when the device is closed.
     *
     * @throws IllegalArgumentException if it was not allocated here, or is free already
     */
    void free(MemorySegment memory);

    /**
     * Copies elements from the host to the device. Both have any strides and must stay untouched and alive until the future completes.
     *
     * @param cancellation looked at between pieces of some milliseconds; a cancelled copy ends with {@link
     *     java.util.concurrent.CancellationException}, and what it was to write is of undefined content
     * @throws IllegalArgumentException if shapes, dtypes or spaces are not those of an upload
     */
    Future<?> upload(Tensor from, Tensor to, Cancellation cancellation);

    /** A copy that is not cancelled. */
    default Future<?> upload(Tensor from, Tensor to) {
        return upload(from, to, Cancellation.NEVER);
    }

    /**
     * Copies elements from the device to the host. Both have any strides and must stay untouched and alive until the future completes.
     *
     * @param cancellation as of {@link #upload(Tensor, Tensor, Cancellation)}
     * @throws IllegalArgumentException if shapes, dtypes or spaces are not those of a download
     */
    Future<?> download(Tensor from, Tensor to, Cancellation cancellation);

    /** A copy that is not cancelled. */
    default Future<?> download(Tensor from, Tensor to) {
        return download(from, to, Cancellation.NEVER);
    }

    /** What other processes of this machine may do with memory of this device; empty where the device has no such thing. */
    default Optional<DeviceSharing> sharing() {
        return Optional.empty();
    }

    /**
     * Lets kernels and copies come after all work that the caller has queued so far in a stream of its own: what is called from now on, and what
     * has not begun. It is the device that waits. So a trainer that made queries, keys and values in its stream calls this, and then the kernel or the forward
     * pass that reads them, without {@code cuStreamSynchronize}. What waits for kernels on the host, {@link #allocate} and futures, then waits for that work, too.
     *
     * @param stream a {@code CUstream} or {@code cudaStream_t} of the device's primary context; 0 is the default stream
     */
    void after(long stream);

    /**
     * Lets work that the caller queues from now on in a stream of its own come after all kernels that were called so far, and the host copies that these make. It is
     * the device that waits: the caller needs no future, unless to learn whether a kernel failed, after which its results are of undefined content. Returns once the
     * kernels are queued, of which the last portions, some milliseconds each, may still run. What {@link #upload} and {@link #download} copy is done when their futures are.
     *
     * @param stream as of {@link #after}
     */
    void before(long stream);
}
