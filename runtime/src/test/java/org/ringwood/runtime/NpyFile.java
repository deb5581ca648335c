package org.ringwood.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes small {@code .npy} files of f32. */
final class NpyFile {
    private static final int HEADER = 128;

    private NpyFile() {}

    /** Numbers {@code [tokens, heads, dim]}; the first element of {@code notANumber} is NaN, of −1 none is. */
    static void write(Path file, int tokens, int heads, int dim, int notANumber) throws IOException {
        String header =
                "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d, %d), }".formatted(tokens, heads, dim);
        ByteBuffer bytes =
                ByteBuffer.allocate(HEADER + tokens * heads * dim * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 0);
        bytes.putShort((short) (HEADER - 10));
        bytes.put((header + " ".repeat(HEADER - 11 - header.length()) + "\n").getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < tokens * heads * dim; i++) {
            bytes.putFloat(i == notANumber * heads * dim ? Float.NaN : (float) Math.sin(i));
        }
        Files.write(file, bytes.array());
    }
}
