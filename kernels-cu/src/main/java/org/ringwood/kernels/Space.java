package org.ringwood.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of a segment are. A segment of a device is an address with a length: it can be sliced and handed to the device, and whoever dereferences it
 * gets a {@link WrongThreadException}. It lives for ever as far as Java knows; its memory does until whoever allocated it frees it.
 */
public enum Space {
    /** Memory of the machine. */
    HOST,
    /** Memory of a device. */
    DEVICE;

    /** All addresses, confined to a thread that has ended, so that none may touch them; null until there is a segment of a device. */
    private static volatile @Nullable MemorySegment addresses;

    /** The space of a segment. */
    public static Space of(MemorySegment segment) {
        MemorySegment all = addresses;
        return all != null && segment.scope().equals(all.scope()) ? DEVICE : HOST;
    }

    /**
     * Memory of a device, also such that another library allocated. What that library still does with it, the caller waits for
     * before it hands it to a kernel or a copy, or lets the device wait for by {@link DeviceMemory#after}.
     *
     * @param address its first byte in the device's address space, such as a {@code CUdeviceptr}
     * @param bytes its length
     * @throws UnsupportedOperationException if this JVM denies native access; the message says how it is enabled
     */
    public static MemorySegment onDevice(long address, long bytes) {
        MemorySegment all = addresses;
        if (all == null) {
            all = allAddresses();
        }
        return all.asSlice(address, bytes);
    }

    @SuppressWarnings("restricted")
    private static synchronized MemorySegment allAddresses() {
        MemorySegment all = addresses;
        if (all == null) {
            FutureTask<MemorySegment> made =
                    new FutureTask<>(() -> MemorySegment.NULL.reinterpret(Long.MAX_VALUE, Arena.ofConfined(), null));
            Thread.ofPlatform().daemon().start(made);
            all = result(made);
            addresses = all;
        }
        return all;
    }

    private static MemorySegment result(FutureTask<MemorySegment> made) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return made.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw explain(e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static UnsupportedOperationException explain(ExecutionException denied) {
        Module module = Space.class.getModule();
        return new UnsupportedOperationException(
                "memory of a device can't be addressed (" + denied.getMessage()
                        + "); start the JVM with --enable-native-access="
                        + (module.isNamed() ? module.getName() : "ALL-UNNAMED"),
                denied);
    }
}
