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
 * @param digest of what all ranks must agree on
 */
record AllReduce(TransportGroup group, GroupOperation operation, MemorySegment elements, long digest, Reducer reducer) {
    void run() {
        for (Exchange exchange : group.allReducePlan().ranks().get(group.rank())) {
            switch (exchange.incoming()) {
                case NONE -> operation.await(List.of(send(exchange)));
                case RESULT -> operation.await(List.of(receive(exchange, elements)));
                case LOWER, HIGHER -> {
                    if (exchange.sends()) {
                        swap(exchange);
                    } else {
                        takeIn(exchange);
                    }
                }
            }
        }
    }

    /** The other's state is copied, not borrowed: two ranks that read each other's state in place could not write theirs. */
    private void swap(Exchange exchange) {
        long bytes = elements.byteSize();
        MemorySegment other = group.member().scratch(bytes).segment().asSlice(0, bytes);
        operation.await(List.of(send(exchange), receive(exchange, other)));
        reduce(exchange, other);
    }

    private void takeIn(Exchange exchange) {
        BorrowedTransfer other = operation.borrow(exchange.peer(), exchange.hop(), 0, elements.byteSize(), digest);
        operation.await(List.of(other));
        reduce(exchange, other.payload());
        other.release();
    }

    private Transfer send(Exchange exchange) {
        return operation.send(exchange.peer(), exchange.hop(), 0, elements, digest);
    }

    private Transfer receive(Exchange exchange, MemorySegment into) {
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
