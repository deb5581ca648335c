package org.ringwood.runtime.verify;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;
import org.ringwood.runtime.job.Verify;

/**
 * Which (row, head) pairs are compared with the oracle. The pairs of the whole sequence are cut into as many strata as samples
 * are wanted, and each stratum gives one pair, drawn by a hash: spread over rows and heads, the same on every rank and in every
 * run. The first and the last row of a rank, where shards meet, come on top.
 */
final class Samples {
    private static final Comparator<Pair> ORDER =
            Comparator.comparingLong(Pair::row).thenComparingInt(Pair::head);

    /**
     * A query row's head.
     *
     * @param local row of the rank's tensors
     * @param row global row
     */
    record Pair(long local, long row, int head) {}

    private Samples() {}

    /** The pairs of a rank, by row and head. */
    static List<Pair> of(Verify extent, Positions rows, long allRows, int heads) {
        if (extent instanceof Verify.None || rows.rows() == 0) {
            return List.of();
        }
        long pairs = Math.multiplyExact(allRows, heads);
        long wanted = extent instanceof Verify.Samples(long count) ? Math.min(count, pairs) : pairs;
        Set<Pair> chosen = new TreeSet<>(ORDER);
        for (int i = 0; i < rows.chunks().size(); i++) {
            addStrata(chosen, rows.chunks().get(i), rows.firstRow(i), wanted, pairs, heads);
        }
        for (long local : new long[] {0, rows.rows() - 1}) {
            long row = rows.position(local);
            chosen.add(new Pair(local, row, (int) Long.remainderUnsigned(mix(row), heads)));
        }
        return new ArrayList<>(chosen);
    }

    private static void addStrata(Set<Pair> chosen, Chunk chunk, long firstRow, long wanted, long pairs, int heads) {
        long shortStratum = pairs / wanted;
        long longer = pairs % wanted;
        long ofLonger = longer * (shortStratum + 1);
        long begin = chunk.from() * heads;
        long first = begin < ofLonger ? begin / (shortStratum + 1) : longer + (begin - ofLonger) / shortStratum;
        for (long stratum = first; stratum < wanted; stratum++) {
            long start = stratum * shortStratum + Math.min(stratum, longer);
            long width = shortStratum + (stratum < longer ? 1 : 0);
            long pair = start + Long.remainderUnsigned(mix(stratum), width);
            long row = pair / heads;
            if (start / heads >= chunk.to()) {
                return;
            }
            if (row >= chunk.from() && row < chunk.to()) {
                chosen.add(new Pair(firstRow + row - chunk.from(), row, (int) (pair % heads)));
            }
        }
    }

    /** The finaliser of SplitMix64. */
    private static long mix(long z) {
        z += 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
