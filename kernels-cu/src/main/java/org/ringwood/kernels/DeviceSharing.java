package org.ringwood.kernels;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.Future;

/**
 * What processes of one machine may do with each other's memory of devices: one exports what it has allocated, others open it and copy from there, from device to
 * device. Which of them can is tried: they may be on other devices, or in containers of their own.
 *
 * <p>For any thread.
 */
public interface DeviceSharing {
    /** Bytes of a handle: CU_IPC_HANDLE_SIZE of the driver. */
    int HANDLE_BYTES = 64;

    /**
     * Memory of undefined content, as of {@link DeviceMemory#allocate}, that can be exported; freed by {@link DeviceMemory#free} once
     * nobody has it open.
     *
     * @throws DeviceFullException if there is not so much
     */
    MemorySegment allocate(long bytes);

    /**
     * A handle that another process opens, {@link #HANDLE_BYTES} bytes.
     *
     * @param memory all of what {@link #allocate} gave
     * @throws UnsupportedOperationException if the driver has no such handles; the message says why
     */
    byte[] export(MemorySegment memory);

    /**
     * What another process has exported, until it is closed here. It is read by {@link #copy} alone.
     *
     * @param bytes its length, at most that which was allocated
     * @throws UnsupportedOperationException if this process can't reach it; the message says why
     */
    MemorySegment open(byte[] handle, long bytes);

    /** Closes what {@link #open} gave, once nothing copies from it. */
    void close(MemorySegment opened);

    /**
     * Copies bytes within the device, or from what was opened, beside kernels and other copies. Both must stay untouched and alive until the
     * future completes.
     */
    Future<?> copy(MemorySegment from, MemorySegment to);
}
