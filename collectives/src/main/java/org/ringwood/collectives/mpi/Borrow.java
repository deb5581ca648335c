package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;
import org.ringwood.collectives.Operation.BorrowedTransfer;

/** A payload that was received into memory of the transport's own, and is lent from there. */
final class Borrow implements BorrowedTransfer {
    private final Landing landing;
    private final Landings landings;
    private boolean released;

    Borrow(Landing landing, Landings landings) {
        this.landing = landing;
        this.landings = landings;
    }

    @Override
    public boolean isDone() {
        return landing.isDone();
    }

    @Override
    public MemorySegment payload() {
        requireHeld();
        return landing.memory().asReadOnly();
    }

    @Override
    public void release() {
        requireHeld();
        released = true;
        landings.giveBack(landing.memory());
    }

    private void requireHeld() {
        if (!isDone() || released) {
            throw new IllegalStateException(
                    released ? "the payload was released already" : "the payload has not arrived yet");
        }
    }
}
