package org.ringwood.kernels;

import java.lang.foreign.MemorySegment;
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
     * @throws IllegalArgumentException if shapes, dtypes or spaces are not those of an upload
     */
    Future<?> upload(Tensor from, Tensor to);

    /**
     * Copies elements from the device to the host. Both have any strides and must stay untouched and alive until the future completes.
     *
     * @throws IllegalArgumentException if shapes, dtypes or spaces are not those of a download
     */
    Future<?> download(Tensor from, Tensor to);
}
