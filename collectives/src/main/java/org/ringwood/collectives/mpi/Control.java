package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.EnvelopeLayout;

/**
 * What one control message of MPI holds: a header of {@value #HEADER_BYTES} bytes, little-endian, and the payload of a small message.
 *
 * <pre>
 *  0 int  version | kind << 8
 *  4 int  unused, 0
 *  8 {@linkplain EnvelopeLayout envelope}
 * 64 payload
 * </pre>
 *
 * @param kind what it is for
 * @param envelope of the message it is about; of no message, but from and to the right ranks, for those that are about a rank
 * @param payload of a {@link Kind#WHOLE}, empty otherwise; valid until the control message has been handled
 */
record Control(Kind kind, Envelope envelope, MemorySegment payload) {
    /** Purposes of control messages. */
    enum Kind {
        /** A small message, which goes unasked. */
        WHOLE(1),
        /** The sender has a message that goes once it is asked for. */
        ANNOUNCE(2),
        /** The receiver asks for a message. */
        READY(3),
        /** The payload that was asked for follows as data. */
        DATA(4),
        /** The receiver asks whether a payload that took long was whole to the end. */
        CONFIRM(5),
        /** It was: its sender had not withdrawn when it was sent. */
        CONFIRMED(6),
        /** The rank has failed or learnt of a failure: it sends no more data. */
        WITHDRAWN(7),
        /** The rank leaves in order. */
        GOODBYE(8),
        /** All up to the goodbye was taken in, and nothing more will come. */
        FAREWELL(9);

        private static final Kind[] ALL = values();

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        private static @Nullable Kind of(int code) {
            for (Kind kind : ALL) {
                if (kind.code == code) {
                    return kind;
                }
            }
            return null;
        }
    }

    /** Short enough to go at once on every network that Open MPI knows. */
    static final int MAX_BYTES = 4000;

    static final int HEADER_BYTES = 64;

    private static final int ENVELOPE_AT = 8;
    private static final int VERSION = 1;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

    static Control of(Kind kind, Envelope envelope) {
        return new Control(kind, envelope, NOTHING);
    }

    /** Whether a message is small enough to go within a control message. */
    static boolean holds(Envelope envelope) {
        return envelope.bytes() <= MAX_BYTES - HEADER_BYTES;
    }

    /** The rank that made it. All but requests travel the way of the message that they are about. */
    int from() {
        return isRequest() ? envelope.destination() : envelope.source();
    }

    /** The rank that it is for. */
    int to() {
        return isRequest() ? envelope.source() : envelope.destination();
    }

    private boolean isRequest() {
        return kind == Kind.READY || kind == Kind.CONFIRM;
    }

    /** Writes it; returns the memory that it takes. */
    MemorySegment writeTo(MemorySegment to) {
        to.set(INT, 0, VERSION | kind.code << 8);
        to.set(INT, 4, 0);
        EnvelopeLayout.write(envelope, to, ENVELOPE_AT);
        MemorySegment.copy(payload, 0, to, HEADER_BYTES, payload.byteSize());
        return to.asSlice(0, HEADER_BYTES + payload.byteSize());
    }

    /** Reads one; null if it is of another version. */
    static @Nullable Control read(MemorySegment from) {
        int prefix = from.get(INT, 0);
        Kind kind = Kind.of(prefix >>> 8);
        if ((prefix & 0xFF) != VERSION || kind == null) {
            return null;
        }
        Envelope envelope = EnvelopeLayout.read(from, ENVELOPE_AT);
        return new Control(kind, envelope, kind == Kind.WHOLE ? from.asSlice(HEADER_BYTES, envelope.bytes()) : NOTHING);
    }
}
