package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.transport.Envelope;

/** A message that this rank sends once its receiver asks for it. */
final class Outgoing implements Transfer {
    private final Envelope envelope;
    private final MemorySegment payload;
    private boolean done;

    Outgoing(Envelope envelope, MemorySegment payload) {
        this.envelope = envelope;
        this.payload = payload;
    }

    Envelope envelope() {
        return envelope;
    }

    /** Native memory with the payload: its own, unless that is on the heap. */
    MemorySegment memory(Landings landings) {
        return payload.isNative() ? payload : landings.take(payload.byteSize()).copyFrom(payload);
    }

    /** MPI reads this memory no more. */
    void sent(MemorySegment memory, Landings landings) {
        if (!payload.isNative()) {
            landings.giveBack(memory);
        }
        done = true;
    }

    @Override
    public boolean isDone() {
        return done;
    }
}
