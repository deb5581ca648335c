package org.ringwood.collectives.aeron;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.transport.Envelope;

/** The memory that the fragments of a message are copied to, and how far it is filled. */
final class Landing implements Transfer, Arrival {
    private final Envelope envelope;
    private @Nullable MemorySegment memory;
    private @Nullable Landing heir;
    private long received;
    private boolean invited;
    private boolean done;

    private Landing(Envelope envelope, @Nullable MemorySegment memory) {
        this.envelope = envelope;
        this.memory = memory;
    }

    /** For a posted receive. */
    static Landing into(MemorySegment memory, Envelope envelope) {
        return new Landing(envelope, memory);
    }

    /** For a small message whose receive is not posted yet; memory is taken once bytes arrive. */
    static Landing early(Envelope envelope) {
        return new Landing(envelope, null);
    }

    Envelope envelope() {
        return envelope;
    }

    /** Whether the sender need be told that this memory is ready; true once. */
    boolean invite() {
        boolean first = !invited;
        invited = true;
        return first;
    }

    /** Whether a fragment is the one that is due. Aeron delivers in order and once, so another one is an error of the sender. */
    boolean isDue(long offset, long bytes) {
        return !done && offset == received && bytes <= envelope.bytes() - received;
    }

    /** Takes in the fragment that is due. */
    void land(MemorySegment fragment) {
        MemorySegment.copy(fragment, 0, memory(), received, fragment.byteSize());
        received += fragment.byteSize();
        if (received == envelope.bytes()) {
            done = true;
            if (heir != null) {
                heir.land(memory());
            }
        }
    }

    private MemorySegment memory() {
        MemorySegment present = memory;
        if (present == null) {
            present = MemorySegment.ofArray(new byte[Math.toIntExact(envelope.bytes())]);
            memory = present;
        }
        return present;
    }

    /** Hands an early message to its receive, now or when it is complete. */
    void bequeath(Landing receive) {
        if (done) {
            receive.land(memory());
        } else {
            heir = receive;
        }
    }

    @Override
    public boolean isDone() {
        return done;
    }
}
