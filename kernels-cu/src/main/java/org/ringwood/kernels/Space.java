package org.ringwood.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
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
     * before it hands it to a kernel or a copy.
     *
     * @param address its first byte in the device's address space, such as a {@code CUdeviceptr}
     * @param bytes its length
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
            CompletableFuture<MemorySegment> made = new CompletableFuture<>();
            Thread.ofPlatform()
                    .daemon()
                    .start(() ->
                            made.complete(MemorySegment.NULL.reinterpret(Long.MAX_VALUE, Arena.ofConfined(), null)));
            all = made.join();
            addresses = all;
        }
        return all;
    }
}
