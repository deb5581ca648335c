package org.ringwood.collectives.control;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UTFDataFormatException;
import java.io.UncheckedIOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.control.Message.Accepted;
import org.ringwood.collectives.control.Message.Await;
import org.ringwood.collectives.control.Message.Challenge;
import org.ringwood.collectives.control.Message.Failed;
import org.ringwood.collectives.control.Message.Heartbeat;
import org.ringwood.collectives.control.Message.Hello;
import org.ringwood.collectives.control.Message.Leave;
import org.ringwood.collectives.control.Message.Publish;
import org.ringwood.collectives.control.Message.Refused;
import org.ringwood.collectives.control.Message.Value;
import org.ringwood.collectives.control.Message.Welcome;

/** Messages as bytes: a frame is the length of the rest, the kind, and the fields in the order of the record. */
final class Wire {
    /** Raised whenever a frame changes. */
    static final int VERSION = 1;

    /** Longest frame, without its length. Two strings of the greatest length fit. */
    static final int MAX_FRAME = 2 * 65_535 + 64;

    /** Longest frame that is taken from a peer that has not proven itself. */
    static final int MAX_GREETING = 1024;

    private static final int CHALLENGE = 1;
    private static final int HELLO = 2;
    private static final int ACCEPTED = 3;
    private static final int REFUSED = 4;
    private static final int WELCOME = 5;
    private static final int HEARTBEAT = 6;
    private static final int PUBLISH = 7;
    private static final int AWAIT = 8;
    private static final int VALUE = 9;
    private static final int FAILED = 10;
    private static final int LEAVE = 11;

    private Wire() {}

    /** A frame with its length, ready to be written. */
    static ByteBuffer frame(Message message) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(0);
            write(message, out);
        } catch (IOException e) {
            throw new UncheckedIOException("a control message holds a string of more than 65535 bytes", e);
        }
        ByteBuffer frame = ByteBuffer.wrap(bytes.toByteArray());
        return frame.putInt(0, frame.capacity() - Integer.BYTES);
    }

    /**
     * The message of a frame.
     *
     * @param body without the length
     * @throws IOException if it is none
     */
    static Message message(byte[] body) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(body))) {
            Message message = read(in);
            if (in.available() > 0) {
                throw new ProtocolException("a control message with " + in.available() + " bytes too many");
            }
            return message;
        } catch (EOFException | UTFDataFormatException e) {
            throw (ProtocolException) new ProtocolException("a control message that is cut or garbled").initCause(e);
        }
    }

    private static void write(Message message, DataOutputStream out) throws IOException {
        switch (message) {
            case Challenge(int version, String nonce) -> {
                out.writeByte(CHALLENGE);
                out.writeInt(version);
                out.writeUTF(nonce);
            }
            case Hello(int rank, int size, String host, long pid, String nonce, String proof) -> {
                out.writeByte(HELLO);
                out.writeInt(rank);
                out.writeInt(size);
                out.writeUTF(host);
                out.writeLong(pid);
                out.writeUTF(nonce);
                out.writeUTF(proof);
            }
            case Accepted(String proof) -> text(out, ACCEPTED, proof);
            case Refused(String reason) -> text(out, REFUSED, reason);
            case Welcome(long job) -> number(out, WELCOME, job);
            case Heartbeat(long progress) -> number(out, HEARTBEAT, progress);
            case Publish(String key, String value) -> {
                text(out, PUBLISH, key);
                out.writeUTF(value);
            }
            case Await(String key) -> text(out, AWAIT, key);
            case Value(String key, String value) -> {
                text(out, VALUE, key);
                out.writeUTF(value);
            }
            case Failed(Failure(int rank, String host, long pid, Cause cause, String detail)) -> {
                out.writeByte(FAILED);
                out.writeInt(rank);
                out.writeUTF(host);
                out.writeLong(pid);
                out.writeUTF(cause.name());
                out.writeUTF(detail);
            }
            case Leave() -> out.writeByte(LEAVE);
        }
    }

    private static void text(DataOutputStream out, int kind, String text) throws IOException {
        out.writeByte(kind);
        out.writeUTF(text);
    }

    private static void number(DataOutputStream out, int kind, long number) throws IOException {
        out.writeByte(kind);
        out.writeLong(number);
    }

    private static Message read(DataInputStream in) throws IOException {
        int kind = in.readUnsignedByte();
        return switch (kind) {
            case CHALLENGE -> new Challenge(in.readInt(), in.readUTF());
            case HELLO ->
                new Hello(in.readInt(), in.readInt(), in.readUTF(), in.readLong(), in.readUTF(), in.readUTF());
            case ACCEPTED -> new Accepted(in.readUTF());
            case REFUSED -> new Refused(in.readUTF());
            case WELCOME -> new Welcome(in.readLong());
            case HEARTBEAT -> new Heartbeat(in.readLong());
            case PUBLISH -> new Publish(in.readUTF(), in.readUTF());
            case AWAIT -> new Await(in.readUTF());
            case VALUE -> new Value(in.readUTF(), in.readUTF());
            case FAILED ->
                new Failed(new Failure(in.readInt(), in.readUTF(), in.readLong(), cause(in.readUTF()), in.readUTF()));
            case LEAVE -> new Leave();
            default -> throw new ProtocolException("a control message of the unknown kind " + kind);
        };
    }

    private static Cause cause(String name) throws ProtocolException {
        for (Cause cause : Cause.values()) {
            if (cause.name().equals(name)) {
                return cause;
            }
        }
        throw new ProtocolException("a failure of the unknown cause " + name);
    }
}
