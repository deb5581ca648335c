package org.ringwood.kernels.cuda;

import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Dropout;
import org.ringwood.kernels.Positions;

/**
 * Dropout as kernels are told of it, which have to know the positions of rows: {@code Dropout} of call.cuh. A word a row takes 8 bytes beside some hundreds of the row itself, and
 * needs no search; so runs of positions are written out.
 *
 * @param queries address of the words of the query rows
 * @param keys address of those of the key rows
 */
record PlacedDropout(Dropout dropout, long queries, long keys) {
    /** In the argument of a kernel. */
    static final long BYTES = 40;

    private static final int POSITION_BITS = 48;
    private static final long MOST_TOGETHER = (1 << 16) - 1;

    /** Puts what is known of rows on the device, if there is dropout. */
    static PlacedDropout of(Dropout dropout, Positions queries, Positions keys, Operands operands) {
        if (dropout.isNone()) {
            return new PlacedDropout(Dropout.NONE, 0, 0);
        }
        long[] addresses = operands.upload(words(queries), words(keys));
        return new PlacedDropout(dropout, addresses[0], addresses[1]);
    }

    /** A word a row: its position, and above it how many rows from it on lie at neighbouring positions. */
    private static IntTable words(Positions rows) {
        IntTable words = new IntTable(2);
        for (Chunk run : rows.chunks()) {
            for (long position = run.from(); position < run.to(); position++) {
                long together = Math.min(run.to() - position, MOST_TOGETHER);
                words.add((int) position, (int)
                        ((position >>> Integer.SIZE) | (together << (POSITION_BITS - Integer.SIZE))));
            }
        }
        return words;
    }

    /** The same for the rows from some on. */
    PlacedDropout from(long query, long key) {
        return new PlacedDropout(dropout, queries + query * Long.BYTES, keys + key * Long.BYTES);
    }
}
