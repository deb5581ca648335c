package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.collectives.AllReducePlan.Exchange;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;

/** The collective operations, each in terms of the messages of one operation. */
final class Collectives {
    private Collectives() {}

    /** Follows the group's {@link AllReducePlan}. */
    static void allReduce(
            TransportGroup group,
            GroupOperation operation,
            MemorySegment elements,
            long elementBytes,
            Reducer reducer) {
        long digest = Digest.of("elements", elementBytes);
        for (Exchange exchange : group.allReducePlan().ranks().get(group.rank())) {
            if (exchange.sends()) {
                sendAndReduce(group, operation, exchange, elements, digest, reducer);
            } else {
                receiveAndReduce(operation, exchange, elements, digest, reducer);
            }
        }
    }

    private static void sendAndReduce(
            TransportGroup group,
            GroupOperation operation,
            Exchange exchange,
            MemorySegment elements,
            long digest,
            Reducer reducer) {
        Transfer sent = operation.send(exchange.peer(), exchange.hop(), 0, elements, digest);
        switch (exchange.incoming()) {
            case NONE -> operation.await(sent);
            case LOWER, HIGHER -> {
                // Copied, not borrowed: two ranks that each read the other's state in place could not write theirs.
                long bytes = elements.byteSize();
                MemorySegment other = group.member().scratch(bytes).segment().asSlice(0, bytes);
                operation.await(sent, operation.receive(exchange.peer(), exchange.hop(), 0, other, digest));
                reduce(exchange, elements, other, reducer);
            }
            case RESULT ->
                throw new IllegalStateException("a rank that gets the result has nothing to send: " + exchange);
        }
    }

    private static void receiveAndReduce(
            GroupOperation operation, Exchange exchange, MemorySegment elements, long digest, Reducer reducer) {
        switch (exchange.incoming()) {
            case RESULT -> operation.await(operation.receive(exchange.peer(), exchange.hop(), 0, elements, digest));
            case LOWER, HIGHER -> {
                BorrowedTransfer other =
                        operation.borrow(exchange.peer(), exchange.hop(), 0, elements.byteSize(), digest);
                operation.await(other);
                reduce(exchange, elements, other.payload(), reducer);
                other.release();
            }
            case NONE -> throw new IllegalStateException("an exchange in which nothing moves: " + exchange);
        }
    }

    private static void reduce(Exchange exchange, MemorySegment own, MemorySegment other, Reducer reducer) {
        if (exchange.incoming() == Exchange.Incoming.LOWER) {
            reducer.reduce(other, own, own);
        } else {
            reducer.reduce(own, other, own);
        }
    }

    /** Everyone sends to everyone, in one hop. */
    static void allGather(TransportGroup group, GroupOperation operation, MemorySegment mine, List<MemorySegment> all) {
        copyOwn(mine, all.get(group.rank()));
        List<Transfer> transfers = new ArrayList<>();
        for (int step = 1; step < group.size(); step++) {
            int from = Math.floorMod(group.rank() - step, group.size());
            transfers.add(operation.receive(from, 0, 0, all.get(from), 0));
            transfers.add(operation.send((group.rank() + step) % group.size(), 0, 0, mine, 0));
        }
        operation.await(transfers.toArray(Transfer[]::new));
    }

    /** Everyone sends to everyone, in one hop; an empty part is a message too, so that a mistake about it is seen. */
    static void allToAll(
            TransportGroup group, GroupOperation operation, List<MemorySegment> send, List<MemorySegment> receive) {
        copyOwn(send.get(group.rank()), receive.get(group.rank()));
        List<Transfer> transfers = new ArrayList<>();
        for (int step = 1; step < group.size(); step++) {
            int from = Math.floorMod(group.rank() - step, group.size());
            int to = (group.rank() + step) % group.size();
            transfers.add(operation.receive(from, 0, 0, receive.get(from), 0));
            transfers.add(operation.send(to, 0, 0, send.get(to), 0));
        }
        operation.await(transfers.toArray(Transfer[]::new));
    }

    /**
     * In hop h every rank passes the reduction of the up to 2ʰ ranks that end with it to the rank 2ʰ above (Hillis and Steele's
     * scan): ⌈log₂P⌉ hops.
     */
    static void exclusiveScan(
            TransportGroup group,
            GroupOperation operation,
            MemorySegment elements,
            MemorySegment identity,
            long elementBytes,
            Reducer reducer) {
        long bytes = elements.byteSize();
        if (identity.byteSize() != bytes) {
            throw new IllegalArgumentException(
                    "the identity has %d bytes, the elements have %d".formatted(identity.byteSize(), bytes));
        }
        long digest = Digest.of("elements", elementBytes);
        MemorySegment scratch = group.member().scratch(2 * bytes).segment();
        MemorySegment inclusive = scratch.asSlice(0, bytes).copyFrom(elements);
        MemorySegment lower = scratch.asSlice(bytes, bytes);
        if (group.rank() == 0) {
            elements.copyFrom(identity);
        }
        int hop = 0;
        for (int distance = 1; distance < group.size(); distance *= 2, hop++) {
            List<Transfer> transfers = new ArrayList<>();
            if (group.rank() + distance < group.size()) {
                transfers.add(operation.send(group.rank() + distance, hop, 0, inclusive, digest));
            }
            if (group.rank() >= distance) {
                transfers.add(operation.receive(group.rank() - distance, hop, 0, lower, digest));
            }
            operation.await(transfers.toArray(Transfer[]::new));
            if (group.rank() >= distance) {
                if (hop == 0) {
                    elements.copyFrom(lower);
                } else {
                    reducer.reduce(lower, elements, elements);
                }
                reducer.reduce(lower, inclusive, inclusive);
            }
        }
    }

    /** Along a binomial tree: ⌈log₂P⌉ hops. */
    static void broadcast(TransportGroup group, GroupOperation operation, MemorySegment payload, int root) {
        int size = group.size();
        int relative = Math.floorMod(group.rank() - root, size);
        int hop = 0;
        for (int distance = 1; distance < size; distance *= 2, hop++) {
            if (relative < distance && relative + distance < size) {
                operation.send((group.rank() + distance) % size, hop, 0, payload, root);
            } else if (relative >= distance && relative < 2 * distance) {
                int from = Math.floorMod(group.rank() - distance, size);
                operation.await(operation.receive(from, hop, 0, payload, root));
            }
        }
    }

    /** Each hop tells twice as many ranks (the dissemination barrier of Hensgen, Finkel and Manber): ⌈log₂P⌉ hops. */
    static void barrier(TransportGroup group, GroupOperation operation) {
        int hop = 0;
        for (int distance = 1; distance < group.size(); distance *= 2, hop++) {
            operation.send((group.rank() + distance) % group.size(), hop, 0, MemorySegment.NULL, 0);
            int from = Math.floorMod(group.rank() - distance, group.size());
            operation.await(operation.receive(from, hop, 0, MemorySegment.NULL, 0));
        }
    }

    static void requireWhole(MemorySegment elements, long elementBytes) {
        if (elementBytes < 1 || elements.byteSize() % elementBytes != 0) {
            throw new IllegalArgumentException(
                    "%d bytes are no whole number of elements of %d".formatted(elements.byteSize(), elementBytes));
        }
    }

    static void requireOneForEachRank(ProcessGroup group, List<MemorySegment> parts) {
        if (parts.size() != group.size()) {
            throw new IllegalArgumentException(
                    "%d parts for a group of %d ranks".formatted(parts.size(), group.size()));
        }
    }

    private static void copyOwn(MemorySegment mine, MemorySegment into) {
        if (mine.byteSize() != into.byteSize()) {
            throw new IllegalArgumentException("a rank's own part has %d bytes on the way out and %d on the way in"
                    .formatted(mine.byteSize(), into.byteSize()));
        }
        into.copyFrom(mine);
    }
}
