package org.ringwood.collectives.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Operation.BorrowedTransfer;

/**
 * A payload that is read where it lies. It is given back once it is released here and every message that was sent on from it
 * has been read, so that the one who waits for it last decides.
 */
final class Loan implements Receipt, BorrowedTransfer, Hold {
    private static final long ALIGNMENT = 64;

    private final long bytes;
    private final Intake intake;
    private @Nullable MemorySegment payload;
    private Runnable giveBack = () -> {};
    private boolean released;
    private int messages;

    Loan(long bytes, Intake intake) {
        this.bytes = bytes;
        this.intake = intake;
    }

    @Override
    public void accept(Arrival arrival) {
        switch (arrival) {
            case Arrival.Whole whole ->
                payload = Arena.ofAuto().allocate(bytes, ALIGNMENT).copyFrom(whole.payload());
            case Arrival.Located located -> {
                located.region().lent(this);
                payload = located.payload();
                giveBack = () -> {
                    located.region().returned(this);
                    intake.release(located);
                };
            }
            case Arrival.Offered offered -> {
                OwnRegion landing = intake.landing(bytes);
                MemorySegment here = landing.segment().asSlice(0, bytes);
                giveBack = () -> {
                    landing.region().returned(this);
                    intake.landed(landing);
                };
                intake.want(offered, here, () -> {
                    payload = here;
                    landing.region().lent(this);
                });
            }
        }
    }

    @Override
    public boolean isDone() {
        return payload != null;
    }

    @Override
    public MemorySegment payload() {
        return lent().asReadOnly();
    }

    /** Whether a part lies in the payload. */
    boolean covers(MemorySegment part) {
        if (payload == null) {
            return false;
        }
        long offset = part.address() - payload.address();
        return offset >= 0 && offset + part.byteSize() <= bytes;
    }

    private MemorySegment lent() {
        if (payload == null || released) {
            throw new IllegalStateException(
                    released ? "the payload was released already" : "the payload has not arrived yet");
        }
        return payload;
    }

    @Override
    public void release() {
        lent();
        released = true;
        giveBackIfUnused();
    }

    @Override
    public void messageSent() {
        messages++;
    }

    @Override
    public void messageRead() {
        messages--;
        giveBackIfUnused();
    }

    private void giveBackIfUnused() {
        if (released && messages == 0) {
            giveBack.run();
        }
    }
}
