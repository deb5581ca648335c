package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Transport;

class DeafTransport implements Transport {
    private final LongConsumer parking;

    /** @param parking hears for how many nanoseconds a thread is to be parked */
    DeafTransport(LongConsumer parking) {
        this.parking = parking;
    }

    @Override
    public String name() {
        return "deaf";
    }

    @Override
    public Transfer send(Envelope envelope, MemorySegment payload) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Transfer receive(Envelope envelope, MemorySegment into) {
        throw new UnsupportedOperationException();
    }

    @Override
    public BorrowedTransfer borrow(Envelope envelope) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean progress() {
        return false;
    }

    @Override
    public void park(long nanos) {
        parking.accept(nanos);
    }

    @Override
    public @Nullable GroupMemory allocate(long bytes) {
        return null;
    }

    @Override
    public boolean withdraw() {
        return false;
    }

    @Override
    public void close() {}
}
