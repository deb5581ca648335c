package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ringwood.collectives.NativeMemory;

/**
 * Memory of the transport's own, for payloads that are borrowed or that lie on the heap. A few pieces are kept for the next ones,
 * which tend to be as large: fast networks then need not learn of them anew.
 */
final class Landings {
    private static final int MAX_IDLE = 4;

    private final Map<Long, NativeMemory> taken = new HashMap<>();
    private final List<NativeMemory> idle = new ArrayList<>();

    /** Memory of that size, with anything in it. */
    MemorySegment take(long bytes) {
        NativeMemory memory = fitting(bytes);
        // A piece of no bytes would have no address of its own.
        taken.put(memory.segment().address(), memory);
        return memory.segment().asSlice(0, bytes);
    }

    private NativeMemory fitting(long bytes) {
        for (NativeMemory memory : idle) {
            long size = memory.segment().byteSize();
            if (size >= bytes && size / 2 <= bytes) {
                idle.remove(memory);
                return memory;
            }
        }
        return new NativeMemory(Math.max(bytes, 1));
    }

    /** Takes back what {@link #take} gave. */
    void giveBack(MemorySegment piece) {
        NativeMemory memory = taken.remove(piece.address());
        if (memory == null) {
            throw new IllegalStateException("memory was given back twice");
        }
        idle.add(memory);
        if (idle.size() > MAX_IDLE) {
            idle.removeFirst().close();
        }
    }

    /** Frees all; nothing may be under way to or from it. */
    void close() {
        taken.values().forEach(NativeMemory::close);
        idle.forEach(NativeMemory::close);
    }
}
