package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.ringwood.collectives.Operation.Transfer;

/** The collective operations that reduce nothing, each in terms of the messages of one operation. */
final class Collectives {
    private Collectives() {}

    /** Everyone sends to everyone, in one hop. */
    static void allGather(TransportGroup group, GroupOperation operation, MemorySegment mine, List<MemorySegment> all) {
        allToAll(group, operation, Collections.nCopies(group.size(), mine), all);
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
