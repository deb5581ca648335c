package org.ringwood.benchmarks.onnxruntime;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes one message of a protocol buffer: fields of a number each, which are integers, texts or messages. */
final class ProtocolBuffer {
    private static final int VARINT = 0;
    private static final int LENGTH_DELIMITED = 2;
    private static final int WIRE_TYPE_BITS = 3;
    private static final int VARINT_BITS = 7;
    private static final int VARINT_MORE = 1 << VARINT_BITS;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** Adds an integer that is not negative. */
    ProtocolBuffer with(int field, long value) {
        tag(field, VARINT);
        varint(value);
        return this;
    }

    /** Adds a text. */
    ProtocolBuffer with(int field, String text) {
        return with(field, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Adds a message. */
    ProtocolBuffer with(int field, ProtocolBuffer message) {
        return with(field, message.toBytes());
    }

    private ProtocolBuffer with(int field, byte[] content) {
        tag(field, LENGTH_DELIMITED);
        varint(content.length);
        bytes.writeBytes(content);
        return this;
    }

    private void tag(int field, int wireType) {
        varint((long) field << WIRE_TYPE_BITS | wireType);
    }

    private void varint(long value) {
        long rest = value;
        for (; rest >= VARINT_MORE; rest >>>= VARINT_BITS) {
            bytes.write((int) (rest & (VARINT_MORE - 1)) | VARINT_MORE);
        }
        bytes.write((int) rest);
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }
}
