package org.ringwood.collectives.transport;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * An envelope as it travels, in {@value #BYTES} bytes, little-endian:
 *
 * <pre>
 *  0 long job nonce       24 long operation
 *  8 int  group           32 int  hop
 * 12 int  epoch           36 int  tag
 * 16 int  source          40 long bytes of the whole message
 * 20 int  destination     48 long digest
 * </pre>
 */
public final class EnvelopeLayout {
    /** Length. */
    public static final int BYTES = 56;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private EnvelopeLayout() {}

    /** Writes an envelope from byte {@code at} on. */
    public static void write(Envelope envelope, MemorySegment to, long at) {
        to.set(LONG, at, envelope.job());
        to.set(INT, at + 8, envelope.group());
        to.set(INT, at + 12, envelope.epoch());
        to.set(INT, at + 16, envelope.source());
        to.set(INT, at + 20, envelope.destination());
        to.set(LONG, at + 24, envelope.operation());
        to.set(INT, at + 32, envelope.hop());
        to.set(INT, at + 36, envelope.tag());
        to.set(LONG, at + 40, envelope.bytes());
        to.set(LONG, at + 48, envelope.digest());
    }

    /** Reads the envelope that begins at byte {@code at}. */
    public static Envelope read(MemorySegment from, long at) {
        return new Envelope(
                from.get(LONG, at),
                from.get(INT, at + 8),
                from.get(INT, at + 12),
                from.get(INT, at + 16),
                from.get(INT, at + 20),
                from.get(LONG, at + 24),
                from.get(INT, at + 32),
                from.get(INT, at + 36),
                from.get(LONG, at + 40),
                from.get(LONG, at + 48));
    }
}
