package org.ringwood.runtime.tensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

/**
 * Elements of one tensor in an open file, read and written in place by position. Where rows lie side by side both in the file
 * and in memory, they go straight from one to the other; elsewhere through a small buffer.
 *
 * @param channel open file
 * @param offset byte offset of the first element
 * @param shape what is stored
 */
record StoredTensor(FileChannel channel, long offset, TensorShape shape) {
    private static final int BUFFER_BYTES = 1 << 20;
    /** Largest single transfer: a {@link ByteBuffer} holds no 2³¹ bytes. */
    private static final long TRANSFER_BYTES = 1 << 30;

    /** Reads the heads from {@code firstHead} on of some tokens. */
    void read(Positions tokens, int firstHead, Tensor into) throws IOException {
        transfer(tokens, firstHead, into, this::readBox);
    }

    /** Writes the heads from {@code firstHead} on of some tokens. */
    void write(Positions tokens, int firstHead, Tensor from) throws IOException {
        transfer(tokens, firstHead, from, this::writeBox);
    }

    private interface BoxTransfer {
        void run(long position, Tensor part) throws IOException;
    }

    private void transfer(Positions tokens, int firstHead, Tensor memory, BoxTransfer transfer) throws IOException {
        try {
            Boxes.visit(shape, tokens, firstHead, memory, (element, part) -> {
                try {
                    transfer.run(offset + element * shape.dtype().bytes(), part);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void readBox(long position, Tensor part) throws IOException {
        long stride = shape.tokenStride();
        if (isRun(part) && part.isDense()) {
            readFully(part.memory().asSlice(0, part.denseBytes()), position);
            return;
        }
        // Reading the heads between, too, costs less than a system call a row.
        long rowBytes = stride * shape.dtype().bytes();
        long step = Math.clamp(BUFFER_BYTES / rowBytes, 1, part.tokens());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(spanBytes(step, part));
            for (long row = 0; row < part.tokens(); row += step) {
                long rows = Math.min(step, part.tokens() - row);
                MemorySegment filled = buffer.asSlice(0, spanBytes(rows, part));
                readFully(filled, position + row * rowBytes);
                copy(
                        new Tensor(filled, shape.dtype(), rows, part.heads(), part.dim(), stride, part.dim()),
                        part.rows(row, row + rows));
            }
        }
    }

    private void writeBox(long position, Tensor part) throws IOException {
        if (isRun(part) && part.isDense()) {
            writeFully(part.memory().asSlice(0, part.denseBytes()), position);
            return;
        }
        long rowBytes = shape.tokenStride() * shape.dtype().bytes();
        // What lies between the rows belongs to others.
        long step = isRun(part) ? Math.clamp(BUFFER_BYTES / rowBytes, 1, part.tokens()) : 1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(spanBytes(step, part));
            for (long row = 0; row < part.tokens(); row += step) {
                long rows = Math.min(step, part.tokens() - row);
                copy(part.rows(row, row + rows), Tensor.dense(buffer, shape.dtype(), rows, part.heads(), part.dim()));
                writeFully(buffer.asSlice(0, spanBytes(rows, part)), position + row * rowBytes);
            }
        }
    }

    /** Whether the rows of a part follow each other in the file without a gap. */
    private boolean isRun(Tensor part) {
        return part.tokens() == 1 || shape.tokenStride() == (long) part.heads() * part.dim();
    }

    /** Bytes in the file from the first to the last element of so many rows of a part. */
    private long spanBytes(long rows, Tensor part) {
        return ((rows - 1) * shape.tokenStride() + (long) part.heads() * part.dim())
                * shape.dtype().bytes();
    }

    private static void copy(Tensor from, Tensor to) {
        for (long row = 0; row < from.tokens(); row++) {
            for (int head = 0; head < from.heads(); head++) {
                from.copyHead(row, head, to);
            }
        }
    }

    private void readFully(MemorySegment into, long position) throws IOException {
        for (long done = 0; done < into.byteSize(); ) {
            int read = channel.read(piece(into, done), position + done);
            if (read < 0) {
                throw new IOException("it ended at byte " + (position + done) + " while it was read");
            }
            done += read;
        }
    }

    private void writeFully(MemorySegment from, long position) throws IOException {
        for (long done = 0; done < from.byteSize(); ) {
            done += channel.write(piece(from, done), position + done);
        }
    }

    private static ByteBuffer piece(MemorySegment memory, long from) {
        return memory.asSlice(from, Math.min(TRANSFER_BYTES, memory.byteSize() - from))
                .asByteBuffer();
    }
}
