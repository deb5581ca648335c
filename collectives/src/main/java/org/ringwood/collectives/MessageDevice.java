package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.Future;

/**
 * A rank's device as far as its messages are concerned: memory that no thread may touch, and what other processes of the node may do with it. A handle is
 * {@link #HANDLE_BYTES} bytes.
 */
public interface MessageDevice {
    /** Bytes of a handle. */
    int HANDLE_BYTES = 64;

    /** Whether a segment is memory of a device. */
    boolean holds(MemorySegment memory);

    /**
     * Memory that can be exported, of undefined content.
     *
     * @throws MemoryExhaustedException if there is not so much
     */
    MemorySegment allocate(long bytes);

    /** Frees what {@link #allocate} gave. */
    void free(MemorySegment memory);

    /**
     * The handle by which another process opens it.
     *
     * @throws UnsupportedOperationException if the device has none
     */
    byte[] export(MemorySegment memory);

    /**
     * What another process has exported.
     *
     * @throws UnsupportedOperationException if this one can't reach it
     */
    MemorySegment open(byte[] handle, long bytes);

    /** Closes what {@link #open} gave. */
    void close(MemorySegment opened);

    /** Copies bytes of the device, or of what was opened, to the device. */
    Future<?> copy(MemorySegment from, MemorySegment to);
}
