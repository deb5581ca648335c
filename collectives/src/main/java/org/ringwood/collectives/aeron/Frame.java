package org.ringwood.collectives.aeron;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.EnvelopeLayout;

/**
 * What one Aeron message holds: a header of {@value #HEADER_BYTES} bytes, little-endian, and a fragment of a payload.
 *
 * <pre>
 *  0 int   CRC32C of all that follows, header and payload
 *  4 byte  version
 *  5 byte  kind
 *  6 short unused, 0
 *  8 {@linkplain EnvelopeLayout envelope}
 * 64 long  offset of the fragment in its message; in a credit, the credit
 * 72       payload
 * </pre>
 *
 * @param kind what it is for
 * @param envelope of the message it belongs to
 * @param offset of the payload in the message, or the value of a {@link Kind#CREDIT}
 * @param payload where it lies in the log buffer; valid until the frame has been handled
 */
record Frame(Kind kind, Envelope envelope, long offset, MemorySegment payload) {
    /** Purposes of frames. */
    enum Kind {
        /** The first frame of every stream: tells whose it is. */
        HELLO(1),
        /** The sender has a message that it will not send unasked. */
        ANNOUNCE(2),
        /** The receiver has posted its memory for a message. */
        READY(3),
        /** A fragment of a message. */
        DATA(4),
        /** How much of what was sent eagerly, ever, the receiver no longer holds. */
        CREDIT(5),
        /** The last frame of a rank that leaves, except for farewells. */
        GOODBYE(6),
        /** All up to the goodbye was taken in. */
        FAREWELL(7);

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

    static final int HEADER_BYTES = 72;
    /** Where the part begins that the checksum covers. */
    static final int CHECKED_FROM = 4;

    private static final int ENVELOPE_AT = 8;
    private static final byte VERSION = 1;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The rank that made the frame. All but {@link Kind#READY} travel the way of the message that their envelope names. */
    int from() {
        return kind == Kind.READY ? envelope.destination() : envelope.source();
    }

    /** The rank that the frame is for. */
    int to() {
        return kind == Kind.READY ? envelope.source() : envelope.destination();
    }

    /** Writes the frame without its checksum. */
    void writeTo(MemorySegment to) {
        to.set(INT, 4, VERSION | kind.code << 8);
        EnvelopeLayout.write(envelope, to, ENVELOPE_AT);
        to.set(LONG, 64, offset);
        MemorySegment.copy(payload, 0, to, HEADER_BYTES, payload.byteSize());
    }

    static void setChecksum(MemorySegment frame, int checksum) {
        frame.set(INT, 0, checksum);
    }

    static int checksum(MemorySegment frame) {
        return frame.get(INT, 0);
    }

    /** Reads an intact frame; null if it is of another version. */
    static @Nullable Frame read(MemorySegment from) {
        int prefix = from.get(INT, 4);
        Kind kind = Kind.of(prefix >>> 8);
        if ((prefix & 0xFF) != VERSION || kind == null) {
            return null;
        }
        Envelope envelope = EnvelopeLayout.read(from, ENVELOPE_AT);
        return new Frame(kind, envelope, from.get(LONG, 64), from.asSlice(HEADER_BYTES));
    }
}
