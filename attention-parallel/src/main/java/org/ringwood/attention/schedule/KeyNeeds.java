package org.ringwood.attention.schedule;

import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.attention.Mask;
import org.ringwood.attention.Ranges;

/** Which group's queries attend which key rows of which group. */
final class KeyNeeds {
    private final Grid grid;
    private final List<Ranges> keysNeeded;

    KeyNeeds(Grid grid, Mask mask) {
        this.grid = grid;
        this.keysNeeded = IntStream.range(0, grid.groups())
                .mapToObj(group -> mask.keysNeededBy(grid.queries(group)))
                .toList();
    }

    /** The rows of {@code owner}'s keys that {@code reader}'s queries attend. */
    Ranges rows(int reader, int owner) {
        return keysNeeded.get(reader).rowsIn(grid.keys(owner));
    }

    /** All rows of a group's keys. */
    long allRows(int owner) {
        return grid.keys(owner).rows();
    }
}
