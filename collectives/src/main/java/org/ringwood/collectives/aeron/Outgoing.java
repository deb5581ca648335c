package org.ringwood.collectives.aeron;

import java.lang.foreign.MemorySegment;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.transport.Envelope;

/** A message that this rank sends: done once all of it has been copied into Aeron's log. */
final class Outgoing implements Transfer {
    private final Envelope envelope;
    private final MemorySegment payload;
    private long sent;
    private boolean done;

    Outgoing(Envelope envelope, MemorySegment payload) {
        this.envelope = envelope;
        this.payload = payload;
    }

    Envelope envelope() {
        return envelope;
    }

    /** The next fragment, as large as may be. An empty message has one empty fragment. */
    Frame next(int largest) {
        long length = Math.min(largest, payload.byteSize() - sent);
        return new Frame(Frame.Kind.DATA, envelope, sent, payload.asSlice(sent, length));
    }

    void sent(Frame fragment) {
        sent += fragment.payload().byteSize();
        done = sent == payload.byteSize();
    }

    @Override
    public boolean isDone() {
        return done;
    }
}
