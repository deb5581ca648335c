package org.ringwood.runtime.tensors;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tensor files put together byte by byte. */
final class Bytes {
    private Bytes() {}

    /** An {@code .npy} file of version 1 with this header and so many bytes of data. */
    static byte[] npy(String header, int dataBytes) {
        return npy(1, header.getBytes(ISO_8859_1), dataBytes);
    }

    static byte[] npy(int version, byte[] header, int dataBytes) {
        byte[] file = new byte[8 + (version == 1 ? 2 : 4) + header.length + dataBytes];
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
        if (version == 1) {
            bytes.putShort((short) header.length);
        } else {
            bytes.putInt(header.length);
        }
        bytes.put(header);
        return file;
    }

    /** A safetensors file with this header and so many bytes of data. */
    static byte[] safetensors(String header, int dataBytes) {
        byte[] text = header.getBytes(UTF_8);
        return little(8 + text.length + dataBytes)
                .putLong(text.length)
                .put(text)
                .array();
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    static Path file(Path directory, String name, byte[] bytes) {
        try {
            return Files.write(directory.resolve(name), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
