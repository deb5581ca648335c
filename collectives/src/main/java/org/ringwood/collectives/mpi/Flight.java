package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;
import org.ringwood.collectives.mpi.MpiLibrary.Request;

/**
 * A payload on its way, in requests of at most a chunk each. Both sides cut it alike, and MPI keeps the order of what goes from one
 * rank to another under one tag. Keeps the memory, which MPI knows by its address alone.
 */
final class Flight {
    private final MemorySegment memory;
    private final Deque<Request> requests = new ArrayDeque<>();
    private final Runnable landed;

    /**
     * Starts.
     *
     * @param memory native
     * @param chunk largest number of bytes of one request
     * @param start starts the request for a part of the memory
     * @param landed called when all requests are complete
     */
    Flight(MemorySegment memory, long chunk, Function<MemorySegment, Request> start, Runnable landed) {
        this.memory = memory;
        this.landed = landed;
        for (long from = 0; from < memory.byteSize(); from += chunk) {
            requests.add(start.apply(memory.asSlice(from, Math.min(chunk, memory.byteSize() - from))));
        }
    }

    /** Drives MPI; returns whether all has been moved. */
    boolean hasLanded() {
        while (!requests.isEmpty() && requests.element().isDone()) {
            requests.remove();
        }
        if (!requests.isEmpty()) {
            return false;
        }
        landed.run();
        return true;
    }

    @Override
    public String toString() {
        return "%d bytes, of which %d requests are under way".formatted(memory.byteSize(), requests.size());
    }
}
