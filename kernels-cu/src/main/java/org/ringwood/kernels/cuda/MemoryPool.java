package org.ringwood.kernels.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.ringwood.kernels.cuda.driver.Driver;
import org.ringwood.kernels.cuda.driver.DriverException;

/**
 * A pool of device memory within a budget. What is given back is given out again at once, as all work of calls is in one stream: the next owner's work
 * comes after the last one's. For one thread.
 */
final class MemoryPool {
    private static final long SMALL = 1 << 16;
    private static final long LARGE = 1 << 21;

    private final Driver driver;
    private final long budget;
    private final TreeMap<Long, Deque<Long>> free = new TreeMap<>();
    /** By address, of what is given out. */
    private final Map<Long, Long> sizes = new HashMap<>();

    private long taken;

    /**
     * An empty pool.
     *
     * @param budget bytes that it may take from the driver
     */
    MemoryPool(Driver driver, long budget) {
        this.driver = driver;
        this.budget = budget;
    }

    /** A scope for memory of one call. */
    Scope open() {
        return new Scope();
    }

    /** Memory of one call, which goes back to the pool when the call's work is queued. */
    final class Scope implements AutoCloseable {
        private final List<Long> addresses = new ArrayList<>();

        private Scope() {}

        /** Address of so many bytes, at a multiple of 256. */
        long allocate(long bytes) {
            long address = take(bytes);
            addresses.add(address);
            return address;
        }

        @Override
        public void close() {
            addresses.forEach(MemoryPool.this::giveBack);
            addresses.clear();
        }
    }

    /** Address of so many bytes, at a multiple of 256, until they are given back. */
    long take(long bytes) {
        long size = rounded(bytes);
        long address = takeRounded(size);
        sizes.put(address, size);
        return address;
    }

    /** @throws IllegalArgumentException if nothing was taken at this address */
    void giveBack(long address) {
        Long size = sizes.remove(address);
        if (size == null) {
            throw new IllegalArgumentException(
                    "no memory of the device is allocated at address " + address + "; free what was allocated, once");
        }
        free.computeIfAbsent(size, _ -> new ArrayDeque<>()).push(address);
    }

    /** Few sizes, so that a block fits the next call, too: multiples of an eighth of a power of two. */
    private static long rounded(long bytes) {
        long step = Math.max(bytes <= LARGE ? SMALL : LARGE, Long.highestOneBit(Math.max(1, bytes)) >>> 3);
        return Math.max(1, Math.ceilDiv(bytes, step)) * step;
    }

    private long takeRounded(long size) {
        Deque<Long> blocks = free.get(size);
        if (blocks != null && !blocks.isEmpty()) {
            return blocks.pop();
        }
        if (taken + size > budget) {
            trim();
        }
        if (taken + size > budget) {
            throw new OutOfDeviceMemoryException(
                    size, "of a budget of " + size(budget) + " " + size(budget - taken) + " are left");
        }
        try {
            return allocate(size);
        } catch (DriverException full) {
            if (!full.isOutOfMemory()) {
                throw full;
            }
            trim();
            return allocateOrExplain(size);
        }
    }

    private long allocateOrExplain(long size) {
        try {
            return allocate(size);
        } catch (DriverException full) {
            if (!full.isOutOfMemory()) {
                throw full;
            }
            Driver.MemoryInfo memory = driver.memory();
            throw new OutOfDeviceMemoryException(
                    size, size(memory.free()) + " of " + size(memory.total()) + " are free");
        }
    }

    private long allocate(long size) {
        long address = driver.allocate(size);
        taken += size;
        return address;
    }

    /** Gives the driver back everything. */
    void freeAll() {
        List.copyOf(sizes.keySet()).forEach(this::giveBack);
        trim();
    }

    /** Gives the driver back what nobody uses. */
    void trim() {
        for (Map.Entry<Long, Deque<Long>> blocks : free.entrySet()) {
            for (Long address : blocks.getValue()) {
                driver.free(address);
                taken -= blocks.getKey();
            }
        }
        free.clear();
    }

    /** Bytes for people, rounded down: {@code 20 MiB}, {@code 64 KiB}. */
    static String size(long bytes) {
        return bytes == 0 || bytes >= 1 << 20 ? (bytes >> 20) + " MiB" : (bytes >> 10) + " KiB";
    }

    /** A device is full; the message says what was asked for and what there is. */
    static final class OutOfDeviceMemoryException extends RuntimeException {
        private static final long serialVersionUID = 1;

        OutOfDeviceMemoryException(long asked, String state) {
            super("it has no " + size(asked) + " of memory more: " + state);
        }
    }
}
