package org.ringwood.attention.schedule;

import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.attention.Mask;
import org.ringwood.attention.Ranges;

/** Which rows of one side each group needs of each group. */
final class RowNeeds {
    private final Grid grid;
    private final Side side;
    private final List<Ranges> needed;

    /** Of the rows of {@code side}. */
    RowNeeds(Grid grid, Mask mask, Side side) {
        Mask seen = side.seenFromTheOther(mask);
        this.grid = grid;
        this.side = side;
        this.needed = IntStream.range(0, grid.groups())
                .mapToObj(group -> seen.keysNeededBy(grid.positions(side.other(), group)))
                .toList();
    }

    /** The rows of {@code owner} that {@code reader} needs. */
    Ranges rows(int reader, int owner) {
        return needed.get(reader).rowsIn(grid.positions(side, owner));
    }

    /** All rows of a group. */
    long allRows(int owner) {
        return grid.positions(side, owner).rows();
    }
}
