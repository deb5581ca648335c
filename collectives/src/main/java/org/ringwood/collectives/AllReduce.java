package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.ringwood.collectives.AllReducePlan.Exchange;
import org.ringwood.collectives.AllReducePlan.Exchange.Incoming;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;

/**
 * One rank's part in an all-reduce that follows the group's {@link AllReducePlan}.
 *
 * @param elements the contribution, then the partial results, then the result
 */
record AllReduce(
        TransportGroup group, GroupOperation operation, MemorySegment elements, long elementBytes, Reducer reducer) {
    void run() {
        long digest = Digest.of("elements", elementBytes);
        for (Exchange exchange : group.allReducePlan().ranks().get(group.rank())) {
            switch (exchange.incoming()) {
                case NONE -> operation.await(List.of(send(exchange, digest)));
                case RESULT -> operation.await(List.of(receive(exchange, elements, digest)));
                case LOWER, HIGHER -> {
                    if (exchange.sends()) {
                        swap(exchange, digest);
                    } else {
                        takeIn(exchange, digest);
                    }
                }
            }
        }
    }

    /** The other's state is copied, not borrowed: two ranks that read each other's state in place could not write theirs. */
    private void swap(Exchange exchange, long digest) {
        long bytes = elements.byteSize();
        MemorySegment other = group.member().scratch(bytes).segment().asSlice(0, bytes);
        operation.await(List.of(send(exchange, digest), receive(exchange, other, digest)));
        reduce(exchange, other);
    }

    private void takeIn(Exchange exchange, long digest) {
        BorrowedTransfer other = operation.borrow(exchange.peer(), exchange.hop(), 0, elements.byteSize(), digest);
        operation.await(List.of(other));
        reduce(exchange, other.payload());
        other.release();
    }

    private Transfer send(Exchange exchange, long digest) {
        return operation.send(exchange.peer(), exchange.hop(), 0, elements, digest);
    }

    private Transfer receive(Exchange exchange, MemorySegment into, long digest) {
        return operation.receive(exchange.peer(), exchange.hop(), 0, into, digest);
    }

    private void reduce(Exchange exchange, MemorySegment other) {
        if (exchange.incoming() == Incoming.LOWER) {
            reducer.reduce(other, elements, elements);
        } else {
            reducer.reduce(elements, other, elements);
        }
    }
}
