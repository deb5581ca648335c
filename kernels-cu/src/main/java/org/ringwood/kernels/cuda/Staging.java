package org.ringwood.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.ringwood.kernels.cuda.driver.Driver;

/**
 * Copies between the host and the device by way of pinned memory, which the device reads and writes by itself: while it copies one piece, the host
 * fills or empties another. For one thread.
 */
final class Staging implements AutoCloseable {
    /** Of pinned memory, and most that a row may have. */
    static final long PIECE_BYTES = 4 << 20;

    private static final int PIECES = 3;

    private final Driver driver;
    private final Driver.Stream stream;
    private final Opened opened = new Opened();
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
        try {
            for (int i = 0; i < PIECES; i++) {
                MemorySegment memory = opened.add(driver.allocatePinned(PIECE_BYTES), driver::freePinned);
                pieces[i] = new Piece(memory, opened.add(driver.createEvent(), driver::destroy));
            }
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    private Piece piece() {
        Piece piece = pieces[next];
        next = (next + 1) % PIECES;
        return piece;
    }

    private static long rowsOfPiece(Driver.Rows rows) {
        return PIECE_BYTES / rows.width();
    }

    /** Rows {@code [first, first + count)}, or as many of them as there are. */
    private static Driver.Rows part(Driver.Rows rows, long first, long count) {
        return new Driver.Rows(
                rows.address() + first * rows.pitch(),
                rows.width(),
                rows.pitch(),
                Math.min(count, rows.count() - first));
    }

    private static boolean isLinear(Driver.Rows rows) {
        return rows.pitch() == rows.width();
    }

    private static MemorySegment pinned(Piece piece, Driver.Rows part) {
        return piece.memory().asSlice(0, part.count() * part.width());
    }

    /** Queues a copy to the device; the host memory is read before this returns. A row may have {@link #PIECE_BYTES} at most. */
    void upload(Driver.Rows to, HostCopy fill) {
        for (long row = 0; row < to.count(); row += rowsOfPiece(to)) {
            Piece piece = piece();
            driver.synchronize(piece.copied());
            Driver.Rows part = part(to, row, rowsOfPiece(to));
            MemorySegment pinned = pinned(piece, part);
            fill.copy(pinned, row * to.width());
            if (isLinear(part)) {
                driver.copyToDevice(part.address(), pinned, stream);
            } else {
                driver.copyToDevice(part, pinned, stream);
            }
            driver.record(piece.copied(), stream);
        }
    }

    /** Copies from the device once its work so far is done, and waits for that. A row may have {@link #PIECE_BYTES} at most. */
    void download(Driver.Rows from, HostCopy empty) {
        int first = next;
        long queued = 0;
        for (long emptied = 0; emptied < from.count(); emptied += rowsOfPiece(from)) {
            for (;
                    queued < from.count() && queued - emptied < PIECES * rowsOfPiece(from);
                    queued += rowsOfPiece(from)) {
                // An upload of this piece is over before this copy begins: both are in the stream.
                queueDownload(part(from, queued, rowsOfPiece(from)));
            }
            Piece oldest = pieces[first];
            first = (first + 1) % PIECES;
            driver.synchronize(oldest.copied());
            empty.copy(pinned(oldest, part(from, emptied, rowsOfPiece(from))), emptied * from.width());
        }
    }

    private void queueDownload(Driver.Rows part) {
        Piece piece = piece();
        MemorySegment pinned = pinned(piece, part);
        if (isLinear(part)) {
            driver.copyToHost(pinned, part.address(), stream);
        } else {
            driver.copyToHost(pinned, part, stream);
        }
        driver.record(piece.copied(), stream);
    }

    /** Queues a copy within the device. */
    void copy(Driver.Rows from, Driver.Rows to) {
        driver.copy(from, to, stream);
    }

    /** Waits for the copies by way of pinned memory. */
    void await() {
        for (Piece piece : pieces) {
            driver.synchronize(piece.copied());
        }
    }

    @Override
    public void close() {
        opened.close();
    }
}
