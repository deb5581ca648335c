package org.ringwood.kernels.cpu;

import java.util.Arrays;
import java.util.List;
import org.ringwood.kernels.Slice;

/** Which lanes of a tile admit which of its keys, as bits. */
final class TileMask {
    private TileMask() {}

    /**
     * Sets {@code admitted[k]} for the keys {@code [keyFrom, keyFrom + keys)}; whatever the slices, the lanes that one of them gives a
     * key are a run.
     *
     * @param slices slices of (row, key row) within the tile
     * @param firstQuery first query of the tile in its group
     */
    static void fill(long[] admitted, List<Slice> slices, QueryGroup group, int firstQuery, long keyFrom, int keys) {
        Arrays.fill(admitted, 0, keys, 0);
        for (Slice slice : slices) {
            for (long key = slice.kFrom(); key < slice.kTo(); key++) {
                long rowFrom = Math.max(slice.qFrom(), key - slice.highest());
                long rowTo = Math.min(slice.qTo(), key - slice.lowest() + 1);
                admitted[(int) (key - keyFrom)] |=
                        run(group.queriesBefore(rowFrom, firstQuery), group.queriesBefore(rowTo, firstQuery));
            }
        }
    }

    /** The lanes {@code [from, to)} as bits, as far as they are in the tile. */
    private static long run(long from, long to) {
        int begin = Math.clamp(from, 0, Scratch.LANES);
        int end = Math.clamp(to, begin, Scratch.LANES);
        if (begin == end) {
            return 0;
        }
        return (-1L >>> (Long.SIZE - (end - begin))) << begin;
    }
}
