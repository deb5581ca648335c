package org.ringwood.collectives.link;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.ringwood.collectives.MessageDevice;

/** The device of a rank that is a thread: its memory can't be touched where it is known by its address, and every step of its life is counted. */
@SuppressWarnings("restricted")
final class ThreadsDevice implements MessageDevice {
    /** All memory of all devices, by address. */
    private static final Map<Long, Allocation> EXPORTED = new ConcurrentHashMap<>();

    /** What was freed while another rank had it open, of all devices. */
    static final List<String> VIOLATIONS = Collections.synchronizedList(new ArrayList<>());

    /** All addresses, confined to a thread that has ended. */
    private static final MemorySegment ADDRESSES = Ended.addresses();

    final Map<Long, Allocation> allocations = new ConcurrentHashMap<>();
    /** By address, what this rank has open. */
    final Map<Long, Allocation> opened = new HashMap<>();

    final AtomicLong copied = new AtomicLong();
    boolean exports = true;
    boolean opens = true;
    boolean copies = true;

    /** One piece of memory, and how many ranks have it open. */
    record Allocation(MemorySegment real, Arena arena, AtomicInteger openings) {}

    @Override
    public boolean holds(MemorySegment memory) {
        return memory.scope().equals(ADDRESSES.scope());
    }

    @Override
    public MemorySegment allocate(long bytes) {
        Arena arena = Arena.ofShared();
        MemorySegment real = arena.allocate(Math.max(1, bytes), 64).fill((byte) -1);
        allocations.put(real.address(), new Allocation(real, arena, new AtomicInteger()));
        return ADDRESSES.asSlice(real.address(), bytes);
    }

    @Override
    public void free(MemorySegment memory) {
        Allocation allocation = allocations.remove(memory.address());
        if (allocation == null) {
            VIOLATIONS.add("nothing is allocated at " + memory.address());
            return;
        }
        if (allocation.openings.get() > 0) {
            VIOLATIONS.add(memory.byteSize() + " bytes were freed that others have open");
        }
        EXPORTED.remove(memory.address());
        allocation.arena.close();
    }

    @Override
    public byte[] export(MemorySegment memory) {
        if (!exports) {
            throw new UnsupportedOperationException("it exports nothing");
        }
        EXPORTED.put(memory.address(), allocations.get(memory.address()));
        byte[] handle = new byte[HANDLE_BYTES];
        MemorySegment.ofArray(handle).set(JAVA_LONG_UNALIGNED, 0, memory.address());
        return handle;
    }

    @Override
    public MemorySegment open(byte[] handle, long bytes) {
        if (!opens) {
            throw new UnsupportedOperationException("it opens nothing");
        }
        long address = MemorySegment.ofArray(handle).get(JAVA_LONG_UNALIGNED, 0);
        Allocation allocation = Objects.requireNonNull(EXPORTED.get(address), "nothing was exported there");
        allocation.openings.incrementAndGet();
        if (opened.put(address, allocation) != null) {
            VIOLATIONS.add("memory was opened twice");
        }
        return ADDRESSES.asSlice(address, bytes);
    }

    @Override
    public void close(MemorySegment foreign) {
        Objects.requireNonNull(opened.remove(foreign.address()), "it is not open")
                .openings
                .decrementAndGet();
    }

    /** Later, on another thread. */
    @Override
    public Future<?> copy(MemorySegment from, MemorySegment to) {
        MemorySegment source = real(from, opened);
        MemorySegment target = real(to, allocations);
        return CompletableFuture.runAsync(() -> {
            if (!copies) {
                throw new ArithmeticException("the device is on fire");
            }
            target.copyFrom(source);
            copied.addAndGet(target.byteSize());
        });
    }

    /** The memory behind an address of this device. */
    MemorySegment real(MemorySegment memory) {
        return real(memory, allocations);
    }

    private static MemorySegment real(MemorySegment memory, Map<Long, Allocation> among) {
        for (Allocation allocation : among.values()) {
            long offset = memory.address() - allocation.real.address();
            if (offset >= 0 && offset + memory.byteSize() <= allocation.real.byteSize()) {
                return allocation.real.asSlice(offset, memory.byteSize());
            }
        }
        throw new AssertionError("nothing is at " + memory.address());
    }

    /** A class of its own, as its thread runs while the other one is initialised. */
    private static final class Ended {
        static MemorySegment addresses() {
            CompletableFuture<MemorySegment> made = new CompletableFuture<>();
            Thread.ofPlatform()
                    .start(() ->
                            made.complete(MemorySegment.NULL.reinterpret(Long.MAX_VALUE, Arena.ofConfined(), null)));
            return made.join();
        }
    }
}
