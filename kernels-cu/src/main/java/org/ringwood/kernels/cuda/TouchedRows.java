package org.ringwood.kernels.cuda;

import java.util.List;
import java.util.Optional;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.RowSlices;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * The rows of queries and keys that a call touches.
 *
 * @param box the rows, as the slice of all their pairs
 * @param slices what is admitted, counted from the first rows of the box
 */
record TouchedRows(Slice box, SliceIndex slices) {
    /**
     * Finds them; empty if nothing is admitted.
     *
     * @param slices of global positions
     * @param poll run every now and then; what it throws ends the search
     */
    static Optional<TouchedRows> find(List<Slice> slices, Positions queries, Positions keys, Runnable poll) {
        List<Slice> lowered = RowSlices.lower(slices, queries, keys, poll);
        if (lowered.isEmpty()) {
            return Optional.empty();
        }
        Slice box = bounds(lowered);
        List<Slice> relative = lowered.stream()
                .map(slice -> slice.shift(-box.qFrom(), -box.kFrom()))
                .toList();
        return Optional.of(new TouchedRows(box, new SliceIndex(relative, poll)));
    }

    private static Slice bounds(List<Slice> slices) {
        long qFrom = Long.MAX_VALUE;
        long qTo = 0;
        long kFrom = Long.MAX_VALUE;
        long kTo = 0;
        for (Slice slice : slices) {
            qFrom = Math.min(qFrom, slice.qFrom());
            qTo = Math.max(qTo, slice.qTo());
            kFrom = Math.min(kFrom, slice.kFrom());
            kTo = Math.max(kTo, slice.kTo());
        }
        return Slice.full(qFrom, qTo, kFrom, kTo);
    }
}
