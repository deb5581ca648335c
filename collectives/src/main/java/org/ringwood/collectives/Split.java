package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a rank says in a split.
 *
 * @param colour of the group it wants to be in
 * @param key orders the ranks of a colour
 * @param nextId the smallest group id it has not used
 */
record Split(int colour, int key, int nextId) {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final long BYTES = 3 * INT.byteSize();

    /**
     * The group that a rank gets into.
     *
     * @param id its id. No rank is in two groups of one id, since ids grow beyond all that any rank of the parent has used
     * @param ranks ranks of the parent, in the order of the new group
     * @param idsBelow all ids below are used from now on
     */
    record Part(int id, List<Integer> ranks, int idsBelow) {}

    /** What every rank of the group says, in rank order. */
    List<Split> exchange(TransportGroup group, GroupOperation operation) {
        MemorySegment all = MemorySegment.ofArray(new byte[Math.toIntExact(BYTES * group.size())]);
        List<MemorySegment> parts = IntStream.range(0, group.size())
                .mapToObj(r -> all.asSlice(r * BYTES, BYTES))
                .toList();
        MemorySegment mine = parts.get(group.rank());
        mine.setAtIndex(INT, 0, colour);
        mine.setAtIndex(INT, 1, key);
        mine.setAtIndex(INT, 2, nextId);
        Collectives.allGather(group, operation, mine, parts);
        return parts.stream()
                .map(p -> new Split(p.getAtIndex(INT, 0), p.getAtIndex(INT, 1), p.getAtIndex(INT, 2)))
                .toList();
    }

    /** Where a rank gets, from what all say. */
    static Part part(List<Split> all, int rank) {
        int colour = all.get(rank).colour;
        List<Integer> ranks = new ArrayList<>(IntStream.range(0, all.size())
                .filter(r -> all.get(r).colour == colour)
                .boxed()
                .toList());
        ranks.sort(Comparator.comparingInt(r -> all.get(r).key));
        List<Integer> colours =
                all.stream().map(Split::colour).distinct().sorted().toList();
        int firstId = all.stream().mapToInt(Split::nextId).max().orElseThrow();
        return new Part(firstId + colours.indexOf(colour), ranks, firstId + colours.size());
    }
}
