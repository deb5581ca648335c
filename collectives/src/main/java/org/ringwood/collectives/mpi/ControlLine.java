package org.ringwood.collectives.mpi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.ringwood.collectives.mpi.MpiLibrary.Communicator;
import org.ringwood.collectives.mpi.MpiLibrary.Request;

/**
 * Control messages from and to all peers. Receives are posted ahead, and taken in the order of their posting, which is the order in
 * which each peer has sent. Nobody waits for a send: its buffer is used again once it is done.
 */
final class ControlLine {
    private static final int TAG = 0;
    private static final int POSTED = 16;
    private static final int ALIGNMENT = 64;

    /** Messages taken in one go, so that data is not kept waiting. */
    private static final int BURST = 64;

    private record Posted(MemorySegment buffer, Request request) {}

    private final Communicator communicator;
    // Collected with this, which stays reachable if MPI may still write to it.
    private final Arena arena = Arena.ofAuto();
    private final Deque<Posted> receives = new ArrayDeque<>();
    private final Deque<Posted> sends = new ArrayDeque<>();
    private final Deque<MemorySegment> free = new ArrayDeque<>();

    ControlLine(Communicator communicator) {
        this.communicator = communicator;
        for (int i = 0; i < POSTED; i++) {
            post(buffer());
        }
    }

    private MemorySegment buffer() {
        return arena.allocate(Control.MAX_BYTES, ALIGNMENT);
    }

    private void post(MemorySegment buffer) {
        receives.add(new Posted(buffer, communicator.receive(buffer, MpiLibrary.ANY, TAG)));
    }

    void tell(Control control) {
        MemorySegment buffer = free.isEmpty() ? buffer() : free.pop();
        Request request = communicator.send(control.writeTo(buffer), control.to(), TAG);
        if (request.isDone()) {
            free.push(buffer);
        } else {
            sends.add(new Posted(buffer, request));
        }
    }

    /** Takes in what has come; returns whether anything had. */
    boolean poll(Consumer<MemorySegment> handler) {
        int taken = 0;
        while (taken < BURST && receives.element().request.isDone()) {
            MemorySegment buffer = receives.remove().buffer;
            handler.accept(buffer);
            post(buffer);
            taken++;
        }
        return taken > 0;
    }

    /** Whether all that was told has been handed over; drives MPI if not. */
    boolean isFlushed() {
        while (!sends.isEmpty() && sends.element().request.isDone()) {
            free.push(sends.remove().buffer);
        }
        return sends.isEmpty();
    }

    /** Gives up the receives, and returns whether none of them had a message that is still coming. */
    boolean close() {
        receives.forEach(posted -> posted.request.cancel());
        receives.removeIf(posted -> posted.request.isDone());
        return receives.isEmpty() && isFlushed();
    }
}
