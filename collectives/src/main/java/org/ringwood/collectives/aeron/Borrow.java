package org.ringwood.collectives.aeron;

import java.lang.foreign.MemorySegment;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Operation.BorrowedTransfer;

/** A borrowed receive: the payload comes over a wire, so it is read in memory that was taken for it. */
final class Borrow implements BorrowedTransfer {
    private final GroupMemory memory;
    private final Landing landing;
    private boolean released;

    Borrow(GroupMemory memory, Landing landing) {
        this.memory = memory;
        this.landing = landing;
    }

    @Override
    public boolean isDone() {
        return landing.isDone();
    }

    @Override
    public MemorySegment payload() {
        requireHeld();
        return memory.segment().asReadOnly();
    }

    @Override
    public void release() {
        requireHeld();
        released = true;
        memory.close();
    }

    private void requireHeld() {
        if (!isDone() || released) {
            throw new IllegalStateException(
                    released ? "the payload was released already" : "the payload has not arrived yet");
        }
    }
}
