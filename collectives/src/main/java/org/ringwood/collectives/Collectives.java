package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.ringwood.collectives.AllGatherPlan.Exchange;
import org.ringwood.collectives.Operation.Transfer;

/** The collective operations that reduce nothing, each in terms of the messages of one operation. */
final class Collectives {
    private Collectives() {}

    /** As {@link AllGatherPlan} says; what is passed on is passed on as soon as it has come. */
    static void allGather(TransportGroup group, GroupOperation operation, MemorySegment mine, List<MemorySegment> all) {
        copyOwn(mine, all.get(group.rank()));
        Map<Integer, Transfer> incoming = new HashMap<>();
        for (Exchange exchange : group.allGatherPlan().exchanges()) {
            int source = exchange.source();
            if (!exchange.sends()) {
                incoming.put(source, operation.receive(exchange.peer(), exchange.hop(), source, all.get(source), 0));
            } else if (source == group.rank()) {
                operation.send(exchange.peer(), exchange.hop(), source, mine, 0);
            } else {
                operation.await(List.of(Objects.requireNonNull(incoming.get(source))));
                operation.send(exchange.peer(), exchange.hop(), source, all.get(source), 0);
            }
        }
        operation.await(List.copyOf(incoming.values()));
    }

    /**
     * Everyone sends to everyone, in one hop; an empty part is a message too, so that a mistake about it is seen. Every part is for one
     * rank alone and crosses once: to collect them within the node first would save messages, not bytes, and cost copies.
     */
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
        operation.await(transfers);
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
                operation.await(List.of(operation.receive(from, hop, 0, payload, root)));
            }
        }
    }

    /** Each hop tells twice as many ranks (the dissemination barrier of Hensgen, Finkel and Manber): ⌈log₂P⌉ hops. */
    static void barrier(TransportGroup group, GroupOperation operation) {
        int hop = 0;
        for (int distance = 1; distance < group.size(); distance *= 2, hop++) {
            operation.send((group.rank() + distance) % group.size(), hop, 0, MemorySegment.NULL, 0);
            int from = Math.floorMod(group.rank() - distance, group.size());
            operation.await(List.of(operation.receive(from, hop, 0, MemorySegment.NULL, 0)));
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
