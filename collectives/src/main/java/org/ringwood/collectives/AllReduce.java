package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.collectives.AllReducePlan.Exchange;
import org.ringwood.collectives.AllReducePlan.Exchange.Incoming;
import org.ringwood.collectives.Operation.Transfer;

/**
 * One rank's part in an all-reduce that follows the group's {@link AllReducePlan}.
 *
 * @param elements the contribution, then the partial results, then the result
 * @param other what comes from another rank, if {@link AllReducePlan#reduces} says that this one reduces. It is copied, not borrowed:
 *     two ranks that read each other's elements in place could not write theirs
 * @param digest of what all ranks must agree on
 */
record AllReduce(
        TransportGroup group,
        GroupOperation operation,
        MemorySegment elements,
        MemorySegment other,
        long digest,
        Reducer reducer) {
    void run() {
        for (Exchange exchange : group.plan(reducer).ranks().get(group.rank())) {
            switch (exchange.incoming()) {
                case NONE -> operation.await(List.of(send(exchange)));
                case RESULT -> operation.await(List.of(receive(exchange, elements)));
                case LOWER, HIGHER -> {
                    List<Transfer> transfers = new ArrayList<>();
                    if (exchange.sends()) {
                        transfers.add(send(exchange));
                    }
                    transfers.add(receive(exchange, other));
                    operation.await(transfers);
                    reduce(exchange);
                }
            }
        }
    }

    private Transfer send(Exchange exchange) {
        return operation.send(exchange.peer(), exchange.hop(), 0, elements, digest);
    }

    private Transfer receive(Exchange exchange, MemorySegment into) {
        return operation.receive(exchange.peer(), exchange.hop(), 0, into, digest);
    }

    private void reduce(Exchange exchange) {
        if (exchange.incoming() == Incoming.LOWER) {
            reducer.reduce(other, elements, elements);
        } else {
            reducer.reduce(elements, other, elements);
        }
    }
}
