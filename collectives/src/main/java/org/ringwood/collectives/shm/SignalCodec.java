package org.ringwood.collectives.shm;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.ringwood.collectives.shm.Signal.Announce;
import org.ringwood.collectives.shm.Signal.Free;
import org.ringwood.collectives.shm.Signal.Goodbye;
import org.ringwood.collectives.shm.Signal.Handle;
import org.ringwood.collectives.shm.Signal.Inline;
import org.ringwood.collectives.shm.Signal.Mapped;
import org.ringwood.collectives.shm.Signal.Offer;
import org.ringwood.collectives.shm.Signal.Piece;
import org.ringwood.collectives.shm.Signal.PieceTaken;
import org.ringwood.collectives.shm.Signal.Release;
import org.ringwood.collectives.shm.Signal.Want;
import org.ringwood.collectives.transport.Envelope;

/** Signals as bytes: the fields in the order of the record, behind a kind that the ring keeps. */
final class SignalCodec {
    /** Payloads up to this size travel inside the signal. */
    static final int MAX_INLINE = 4096;

    /** Room for what a signal has besides a payload: an envelope, a file name. */
    private static final int MAX_FIELDS = 512;

    private static final int INLINE = 1;
    private static final int HANDLE = 2;
    private static final int OFFER = 3;
    private static final int WANT = 4;
    private static final int PIECE = 5;
    private static final int PIECE_TAKEN = 6;
    private static final int RELEASE = 7;
    private static final int ANNOUNCE = 8;
    private static final int MAPPED = 9;
    private static final int FREE = 10;
    private static final int GOODBYE = 11;

    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(MAX_FIELDS + MAX_INLINE).order(ByteOrder.nativeOrder());

    static int kind(Signal signal) {
        return switch (signal) {
            case Inline s -> INLINE;
            case Handle s -> HANDLE;
            case Offer s -> OFFER;
            case Want s -> WANT;
            case Piece s -> PIECE;
            case PieceTaken s -> PIECE_TAKEN;
            case Release s -> RELEASE;
            case Announce s -> ANNOUNCE;
            case Mapped s -> MAPPED;
            case Free s -> FREE;
            case Goodbye s -> GOODBYE;
        };
    }

    /** The bytes of a signal, valid until the next call. */
    ByteBuffer encode(Signal signal) {
        buffer.clear();
        switch (signal) {
            case Inline(Envelope envelope, MemorySegment payload) -> {
                put(envelope);
                MemorySegment.ofBuffer(buffer).copyFrom(payload);
                buffer.position(buffer.position() + Math.toIntExact(payload.byteSize()));
            }
            case Handle(Envelope envelope, long ticket, int owner, int region, long offset) -> {
                put(envelope);
                buffer.putLong(ticket).putInt(owner).putInt(region).putLong(offset);
            }
            case Offer(Envelope envelope, long ticket) -> {
                put(envelope);
                buffer.putLong(ticket);
            }
            case Want(long ticket) -> buffer.putLong(ticket);
            case Piece(int sender, long ticket, int region, long offset, int length) ->
                buffer.putInt(sender)
                        .putLong(ticket)
                        .putInt(region)
                        .putLong(offset)
                        .putInt(length);
            case PieceTaken(long ticket, long offset) -> buffer.putLong(ticket).putLong(offset);
            case Release(long ticket) -> buffer.putLong(ticket);
            case Announce(int owner, int region, String file) ->
                buffer.putInt(owner).putInt(region).put(file.getBytes(StandardCharsets.UTF_8));
            case Mapped(int by, int region) -> buffer.putInt(by).putInt(region);
            case Free(int owner, int region) -> buffer.putInt(owner).putInt(region);
            case Goodbye(int rank) -> buffer.putInt(rank);
        }
        return buffer.flip();
    }

    private void put(Envelope envelope) {
        buffer.putLong(envelope.job())
                .putInt(envelope.group())
                .putInt(envelope.epoch())
                .putInt(envelope.source())
                .putInt(envelope.destination())
                .putLong(envelope.operation())
                .putInt(envelope.hop())
                .putInt(envelope.tag())
                .putLong(envelope.bytes())
                .putLong(envelope.digest());
    }

    /** The signal in all bytes of a buffer; an {@link Inline} payload is a view of them. */
    static Signal decode(int kind, ByteBuffer bytes) {
        ByteBuffer in = bytes.order(ByteOrder.nativeOrder());
        return switch (kind) {
            case INLINE -> new Inline(envelope(in), MemorySegment.ofBuffer(in));
            case HANDLE -> new Handle(envelope(in), in.getLong(), in.getInt(), in.getInt(), in.getLong());
            case OFFER -> new Offer(envelope(in), in.getLong());
            case WANT -> new Want(in.getLong());
            case PIECE -> new Piece(in.getInt(), in.getLong(), in.getInt(), in.getLong(), in.getInt());
            case PIECE_TAKEN -> new PieceTaken(in.getLong(), in.getLong());
            case RELEASE -> new Release(in.getLong());
            case ANNOUNCE ->
                new Announce(
                        in.getInt(),
                        in.getInt(),
                        StandardCharsets.UTF_8.decode(in).toString());
            case MAPPED -> new Mapped(in.getInt(), in.getInt());
            case FREE -> new Free(in.getInt(), in.getInt());
            case GOODBYE -> new Goodbye(in.getInt());
            default -> throw new IllegalStateException("a rank of this host signals the unknown kind " + kind);
        };
    }

    private static Envelope envelope(ByteBuffer in) {
        return new Envelope(
                in.getLong(),
                in.getInt(),
                in.getInt(),
                in.getInt(),
                in.getInt(),
                in.getLong(),
                in.getInt(),
                in.getInt(),
                in.getLong(),
                in.getLong());
    }
}
