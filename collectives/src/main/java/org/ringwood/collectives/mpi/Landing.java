package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.transport.Envelope;

/** A message that this rank receives. MPI writes straight to where it belongs, unless that is on the heap. */
final class Landing implements Transfer {
    private final Envelope envelope;
    private final Landings landings;
    private final @Nullable MemorySegment into;
    private final long askedAt = System.nanoTime();
    private @Nullable MemorySegment memory;
    private boolean done;

    private Landing(Envelope envelope, Landings landings, @Nullable MemorySegment into) {
        this.envelope = envelope;
        this.landings = landings;
        this.into = into;
    }

    static Landing into(MemorySegment into, Envelope envelope, Landings landings) {
        return new Landing(envelope, landings, into);
    }

    /** In memory of the transport's own. */
    static Landing lent(Envelope envelope, Landings landings) {
        return new Landing(envelope, landings, null);
    }

    Envelope envelope() {
        return envelope;
    }

    /** Whether it belongs into memory of a device. */
    boolean isOnDevice() {
        return into != null && CudaAwareness.isOnDevice(into);
    }

    /** Native memory for the payload. */
    MemorySegment memory() {
        if (memory == null) {
            memory = into != null && into.isNative() ? into : landings.take(envelope.bytes());
        }
        return memory;
    }

    /** Takes a payload that lies elsewhere. */
    void take(MemorySegment payload) {
        (into == null ? memory() : into).copyFrom(payload);
        done = true;
    }

    /** The payload is in {@link #memory}, and whole. */
    void landed() {
        if (into != null && !into.isNative()) {
            into.copyFrom(memory());
            landings.giveBack(memory());
        }
        done = true;
    }

    long nanosSinceAsked() {
        return System.nanoTime() - askedAt;
    }

    @Override
    public boolean isDone() {
        return done;
    }
}
