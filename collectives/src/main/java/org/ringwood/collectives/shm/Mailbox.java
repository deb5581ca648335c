package org.ringwood.collectives.shm;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * A ring of signals to one rank, in a file that all ranks of the host map: that rank reads, the others write. What the ring does
 * not take at once waits on the writer's side. The file begins with a header that says whose it is, and whether that rank has
 * withdrawn.
 */
final class Mailbox {
    private static final long MAGIC = 0x52494e47_574f4f44L;
    private static final long VERSION = 1;
    private static final int HEADER_BYTES = 4096;
    private static final int RING_BYTES = (512 << 10) + RingBufferDescriptor.TRAILER_LENGTH;
    private static final long MAGIC_AT = 0;
    private static final long VERSION_AT = 8;
    private static final long JOB_AT = 16;
    private static final long RANK_AT = 24;
    private static final long WITHDRAWN_AT = 32;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    /** Signals that are read before the caller can look at its transfers again. */
    private static final int READ_LIMIT = 256;

    private record Letter(int kind, UnsafeBuffer bytes) {}

    private final SharedFile file;
    private final ManyToOneRingBuffer ring;
    private final SignalCodec codec = new SignalCodec();
    private final UnsafeBuffer encoded = new UnsafeBuffer();
    private final Deque<Letter> unsent = new ArrayDeque<>();

    private Mailbox(SharedFile file) {
        this.file = file;
        ByteBuffer bytes = file.memory().asSlice(HEADER_BYTES).asByteBuffer();
        ring = new ManyToOneRingBuffer(new UnsafeBuffer(bytes));
    }

    /** The mailbox of this rank. */
    static Mailbox create(Path directory, String name, long job, int rank) {
        SharedFile file = SharedFile.create(directory, name, HEADER_BYTES + RING_BYTES);
        MemorySegment header = file.memory();
        header.set(ValueLayout.JAVA_LONG, MAGIC_AT, MAGIC);
        header.set(ValueLayout.JAVA_LONG, VERSION_AT, VERSION);
        header.set(ValueLayout.JAVA_LONG, JOB_AT, job);
        header.set(ValueLayout.JAVA_LONG, RANK_AT, rank);
        return new Mailbox(file);
    }

    /**
     * The mailbox of another rank.
     *
     * @throws IOException if it cannot be mapped, or is not what that rank of that job would have made
     */
    static Mailbox open(Path path, long job, int rank) throws IOException {
        SharedFile file = SharedFile.open(path);
        MemorySegment memory = file.memory();
        boolean genuine = memory.byteSize() == HEADER_BYTES + RING_BYTES
                && memory.get(ValueLayout.JAVA_LONG, MAGIC_AT) == MAGIC
                && memory.get(ValueLayout.JAVA_LONG, VERSION_AT) == VERSION
                && memory.get(ValueLayout.JAVA_LONG, JOB_AT) == job
                && memory.get(ValueLayout.JAVA_LONG, RANK_AT) == rank;
        if (!genuine) {
            file.unmap();
            throw new IOException("%s is not the mailbox of rank %d of this job; use the same Ringwood on every rank"
                    .formatted(path, rank));
        }
        return new Mailbox(file);
    }

    /** Sends now or, if the ring is full, when {@link #flush} finds room. Signals keep their order. */
    void send(Signal signal) {
        ByteBuffer bytes = codec.encode(signal);
        int kind = SignalCodec.kind(signal);
        encoded.wrap(bytes);
        if (!unsent.isEmpty() || !ring.write(kind, encoded, 0, bytes.limit())) {
            byte[] copy = new byte[bytes.limit()];
            bytes.get(copy);
            unsent.add(new Letter(kind, new UnsafeBuffer(copy)));
        }
    }

    /** Sends what waits; returns whether anything moved. */
    boolean flush() {
        boolean moved = false;
        while (!unsent.isEmpty()) {
            Letter letter = unsent.element();
            if (!ring.write(letter.kind, letter.bytes, 0, letter.bytes.capacity())) {
                break;
            }
            unsent.remove();
            moved = true;
        }
        return moved;
    }

    boolean isFlushed() {
        return unsent.isEmpty();
    }

    /** Reads what has come, up to a limit; returns whether anything had. */
    boolean read(Consumer<Signal> reader) {
        int read = ring.read(
                (kind, buffer, index, length) -> {
                    ByteBuffer bytes = buffer.byteBuffer().slice(buffer.wrapAdjustment() + index, length);
                    reader.accept(SignalCodec.decode(kind, bytes));
                },
                READ_LIMIT);
        return read > 0;
    }

    /** Says for good that its owner has withdrawn. What the owner writes afterwards, nobody sees who does not see this. */
    void withdraw() {
        LONG.setVolatile(file.memory(), WITHDRAWN_AT, 1L);
        VarHandle.fullFence();
    }

    /** Whether its owner has withdrawn. If not, whatever was read before this call was written before that. */
    boolean isWithdrawn() {
        VarHandle.acquireFence();
        return (long) LONG.getVolatile(file.memory(), WITHDRAWN_AT) != 0;
    }

    String fileName() {
        return file.name();
    }

    void unlink() {
        file.unlink();
    }

    void close() {
        file.unmap();
    }
}
