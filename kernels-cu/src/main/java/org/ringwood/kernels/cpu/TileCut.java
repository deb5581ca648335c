package org.ringwood.kernels.cpu;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.Slice;

/** Cuts the tiles of a group of queries out of blocks of keys: which queries and keys of each have admitted pairs, and which pairs those are. */
final class TileCut {
    private final QueryGroup group;
    private final boolean someRows;
    private final List<Slice> slices = new ArrayList<>();
    private int firstQuery;
    private int queries;
    private long keyFrom;
    private int keys;

    /**
     * Cuts tiles of a group.
     *
     * @param someRows whether rows before the first and after the last that admit a key make no difference to what is admitted
     */
    TileCut(QueryGroup group, boolean someRows) {
        this.group = group;
        this.someRows = someRows;
    }

    /** The tile of some queries and a block, no larger than what is admitted of it; null if that is nothing. */
    @Nullable
    Tile tile(int newFirstQuery, int newQueries, KeyBlocks block, float softcap) {
        firstQuery = newFirstQuery;
        queries = newQueries;
        slices.clear();
        keyFrom = Long.MAX_VALUE;
        long keyTo = Long.MIN_VALUE;
        long admittingFrom = Long.MAX_VALUE;
        long admittingTo = Long.MIN_VALUE;
        for (Slice slice : block.slices()) {
            Slice part = slice.clip(rowFrom(), rowTo(), block.from(), block.to());
            if (!part.isEmpty()) {
                slices.add(part);
                keyFrom = Math.min(keyFrom, part.kFrom());
                keyTo = Math.max(keyTo, part.kTo());
                admittingFrom = Math.min(admittingFrom, part.qFrom());
                admittingTo = Math.max(admittingTo, part.qTo());
            }
        }
        if (slices.isEmpty()) {
            return null;
        }
        keys = (int) (keyTo - keyFrom);
        return new Tile(
                firstQuery,
                (int) Math.max(0, group.queriesBefore(admittingFrom, firstQuery)),
                (int) Math.min(queries, group.queriesBefore(admittingTo, firstQuery)),
                (int) (keyFrom - block.from()),
                keys,
                !isWhole(),
                softcap);
    }

    private long rowFrom() {
        return group.row(firstQuery);
    }

    private long rowTo() {
        return group.rowEnd(firstQuery, queries);
    }

    /** Whether all pairs are admitted. */
    private boolean isWhole() {
        Slice first = slices.getFirst();
        boolean allRows = someRows || (first.qFrom() == rowFrom() && first.qTo() == rowTo());
        return slices.size() == 1 && first.isFull() && allRows;
    }

    /** Says which lanes of the last tile admit which of its keys. */
    void mask(long[] admitted) {
        TileMask.fill(admitted, slices, group, firstQuery, keyFrom, keys);
    }
}
