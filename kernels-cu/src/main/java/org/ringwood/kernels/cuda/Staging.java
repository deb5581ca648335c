package org.ringwood.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.ringwood.kernels.cuda.driver.Driver;

/**
 * Copies between the host and the device by way of pinned memory, which the device reads and writes by itself: while it copies one piece, the host
 * fills or empties another. For one thread.
 */
final class Staging implements AutoCloseable {
    private static final long PIECE_BYTES = 4 << 20;
    private static final int PIECES = 3;

    private final Driver driver;
    private final Driver.Stream stream;
    private final Piece[] pieces = new Piece[PIECES];
    private int next;

    /** Copies host memory, a piece at a time. */
    @FunctionalInterface
    interface HostCopy {
        /** Fills, or empties, all of {@code pinned}, which stands for what lies from byte {@code offset} on. */
        void copy(MemorySegment pinned, long offset);
    }

    /** A piece of pinned memory, and the end of its last copy. */
    private record Piece(MemorySegment memory, Driver.Event copied) {}

    /** Copies in the order of a stream. */
    Staging(Driver driver, Driver.Stream stream) {
        this.driver = driver;
        this.stream = stream;
        for (int i = 0; i < PIECES; i++) {
            pieces[i] = new Piece(driver.allocatePinned(PIECE_BYTES), driver.createEvent());
        }
    }

    private Piece piece() {
        Piece piece = pieces[next];
        next = (next + 1) % PIECES;
        return piece;
    }

    private static long length(int unit) {
        return PIECE_BYTES / unit * unit;
    }

    /**
     * Queues a copy to the device; the host memory is read before this returns.
     *
     * @param unit bytes that stay together, {@code bytes} being a multiple
     */
    void upload(long to, long bytes, int unit, HostCopy fill) {
        for (long at = 0; at < bytes; at += length(unit)) {
            Piece piece = piece();
            driver.synchronize(piece.copied());
            MemorySegment part = piece.memory().asSlice(0, Math.min(length(unit), bytes - at));
            fill.copy(part, at);
            driver.copyToDevice(to + at, part, stream);
            driver.record(piece.copied(), stream);
        }
    }

    /**
     * Copies from the device once its work so far is done, and waits for that.
     *
     * @param unit bytes that stay together, {@code bytes} being a multiple
     */
    void download(long from, long bytes, int unit, HostCopy empty) {
        int first = next;
        long queued = 0;
        long emptied = 0;
        while (emptied < bytes) {
            for (; queued < bytes && queued - emptied < PIECES * length(unit); queued += length(unit)) {
                Piece piece = piece();
                // An upload of this piece is over before this copy begins: both are in the stream.
                driver.copyToHost(part(piece, bytes - queued, unit), from + queued, stream);
                driver.record(piece.copied(), stream);
            }
            Piece oldest = pieces[first];
            first = (first + 1) % PIECES;
            driver.synchronize(oldest.copied());
            empty.copy(part(oldest, bytes - emptied, unit), emptied);
            emptied += length(unit);
        }
    }

    private static MemorySegment part(Piece piece, long left, int unit) {
        return piece.memory().asSlice(0, Math.min(length(unit), left));
    }

    @Override
    public void close() {
        for (Piece piece : pieces) {
            driver.destroy(piece.copied());
            driver.freePinned(piece.memory());
        }
    }
}
