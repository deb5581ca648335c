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

    /** @param peer that it goes to, or {@link MpiLibrary#ANY} that it comes from */
    private record Posted(int peer, MemorySegment buffer, Request request) {}

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
        receives.add(new Posted(MpiLibrary.ANY, buffer, communicator.receive(buffer, MpiLibrary.ANY, TAG)));
    }

    void tell(Control control) {
        MemorySegment buffer = free.isEmpty() ? buffer() : free.pop();
        Request request = communicator.send(control.writeTo(buffer), control.to(), TAG);
        if (request.isDone()) {
            free.push(buffer);
        } else {
            sends.add(new Posted(control.to(), buffer, request));
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

    /** Drives MPI for what was told and not yet handed over. */
    void flush() {
        sends.removeIf(posted -> {
            boolean done = posted.request.isDone();
            if (done) {
                free.push(posted.buffer);
            }
            return done;
        });
    }

    /** Whether all that a peer was told has been handed over. */
    boolean isFlushed(int peer) {
        return sends.stream().noneMatch(posted -> posted.peer == peer);
    }

    /** Gives up the receives, and returns whether none of them had a message that is still coming. */
    boolean close() {
        receives.forEach(posted -> posted.request.cancel());
        receives.removeIf(posted -> posted.request.isDone());
        return receives.isEmpty() && sends.isEmpty();
    }
}
