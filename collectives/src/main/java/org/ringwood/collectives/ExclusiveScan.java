package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.collectives.Operation.Transfer;

/**
 * One rank's part in an exclusive scan. In hop h every rank passes the reduction of the up to 2ʰ ranks that end with it to the rank
 * 2ʰ above (Hillis and Steele's scan): ⌈log₂P⌉ hops.
 *
 * @param elements the contribution, then the result
 */
record ExclusiveScan(
        TransportGroup group, GroupOperation operation, MemorySegment elements, long elementBytes, Reducer reducer) {
    void run(MemorySegment identity) {
        long bytes = elements.byteSize();
        MemorySegment scratch = group.member().scratch(2 * bytes).segment();
        MemorySegment inclusive = scratch.asSlice(0, bytes).copyFrom(elements);
        MemorySegment lower = scratch.asSlice(bytes, bytes);
        if (group.rank() == 0) {
            elements.copyFrom(identity);
        }
        int hop = 0;
        for (int distance = 1; distance < group.size(); distance *= 2, hop++) {
            pass(inclusive, lower, distance, hop);
            if (group.rank() >= distance) {
                takeIn(lower, hop);
                reducer.reduce(lower, inclusive, inclusive);
            }
        }
    }

    private void pass(MemorySegment inclusive, MemorySegment lower, int distance, int hop) {
        long digest = Digest.of("elements", elementBytes);
        List<Transfer> transfers = new ArrayList<>();
        if (group.rank() + distance < group.size()) {
            transfers.add(operation.send(group.rank() + distance, hop, 0, inclusive, digest));
        }
        if (group.rank() >= distance) {
            transfers.add(operation.receive(group.rank() - distance, hop, 0, lower, digest));
        }
        operation.await(transfers);
    }

    /** The first that comes, from the rank just below, replaces the contribution, which the inclusive reduction keeps. */
    private void takeIn(MemorySegment lower, int hop) {
        if (hop == 0) {
            elements.copyFrom(lower);
        } else {
            reducer.reduce(lower, elements, elements);
        }
    }
}
