package org.ringwood.kernels;

import java.util.Optional;

/** A processor that runs attention kernels, with the threads or the context it owns until it is closed. */
public interface Device extends AutoCloseable {
    /** Kernels of this device. */
    AttentionKernels kernels();

    /** Its own memory; empty for a device that works in that of the host. */
    default Optional<DeviceMemory> memory() {
        return Optional.empty();
    }

    /**
     * Kernels for gradients, on the same queue.
     *
     * @throws UnsupportedOperationException if this device has none; the message says which have
     */
    default GradientKernels gradients() {
        throw new UnsupportedOperationException(
                "device " + kind() + " computes no gradients yet; take device cpu or scalar");
    }

    /** What it is; never {@link Devices.Kind#AUTO}. */
    Devices.Kind kind();

    /** What it is, for people: for instance {@code cpu, 512-bit vectors, 2 threads}. */
    String description();

    /** Why {@link Devices.Kind#AUTO} took it, for people; empty if it was asked for by name. */
    default String choice() {
        return "";
    }

    /** Compute threads; 1 for a device that is not the CPU. */
    int threads();

    /** Ends the threads; pending calls are cancelled. */
    @Override
    void close();
}
