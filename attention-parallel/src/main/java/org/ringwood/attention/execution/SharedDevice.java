package org.ringwood.attention.execution;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.MessageDevice;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceFullException;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.DeviceSharing;
import org.ringwood.kernels.Space;

/** A device of kernels as messages see it. */
record SharedDevice(DeviceMemory memory, DeviceSharing sharing) implements MessageDevice {
    /** Null if the device shares no memory. */
    static @Nullable SharedDevice of(Device device) {
        return device.memory()
                .flatMap(memory -> memory.sharing().map(sharing -> new SharedDevice(memory, sharing)))
                .orElse(null);
    }

    @Override
    public boolean holds(MemorySegment segment) {
        return Space.of(segment) == Space.DEVICE;
    }

    @Override
    public MemorySegment allocate(long bytes) {
        try {
            return sharing.allocate(bytes);
        } catch (DeviceFullException full) {
            throw Workspace.exhausted(full);
        }
    }

    @Override
    public void free(MemorySegment allocated) {
        memory.free(allocated);
    }

    @Override
    public byte[] export(MemorySegment allocated) {
        return sharing.export(allocated);
    }

    @Override
    public MemorySegment open(byte[] handle, long bytes) {
        return sharing.open(handle, bytes);
    }

    @Override
    public void close(MemorySegment opened) {
        sharing.close(opened);
    }

    @Override
    public Future<?> copy(MemorySegment from, MemorySegment to) {
        return sharing.copy(from, to);
    }
}
