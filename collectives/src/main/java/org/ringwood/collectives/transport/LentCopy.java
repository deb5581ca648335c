package org.ringwood.collectives.transport;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;

/** A borrowed receive over a wire: the payload comes into memory that the transport took for it, and is read there. */
public final class LentCopy implements BorrowedTransfer {
    private final Transfer arrival;
    private final Supplier<MemorySegment> memory;
    private final Runnable giveBack;
    private boolean released;

    /**
     * @param memory where the payload is once it has arrived
     * @param giveBack ends the use of that memory
     */
    public LentCopy(Transfer arrival, Supplier<MemorySegment> memory, Runnable giveBack) {
        this.arrival = arrival;
        this.memory = memory;
        this.giveBack = giveBack;
    }

    @Override
    public boolean isDone() {
        return arrival.isDone();
    }

    @Override
    public MemorySegment payload() {
        requireHeld();
        return memory.get().asReadOnly();
    }

    @Override
    public void release() {
        requireHeld();
        released = true;
        giveBack.run();
    }

    private void requireHeld() {
        if (!isDone() || released) {
            throw new IllegalStateException(
                    released ? "the payload was released already" : "the payload has not arrived yet");
        }
    }
}
