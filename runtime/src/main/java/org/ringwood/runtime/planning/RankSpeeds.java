package org.ringwood.runtime.planning;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.ringwood.attention.Weights;
import org.ringwood.runtime.job.Speeds;

/**
 * How fast the ranks of a job are taken to be, and why. Every rank comes to the same.
 *
 * @param weights in proportion to their speeds
 * @param reason where they come from, for people
 */
public record RankSpeeds(Weights weights, String reason) {
    /**
     * Within this of the slowest of their kind, ranks count as equally fast. Kernels on equal machines differ by less, also where these
     * have other work or clocks of their own; a finer division would follow chance, and could not win more than this.
     */
    private static final double ALIKE = 1.25;

    /** Weights have so many significant bits: the next larger speed is an eighth to a quarter away, about as far as speeds can be told apart. */
    private static final int BITS = 3;

    private static final int FINEST = 1 << (BITS - 1);
    private static final double GIGA = 1e9;

    /** All alike. */
    public static RankSpeeds equal(int ranks, String reason) {
        return new RankSpeeds(Weights.equal(ranks), reason);
    }

    /**
     * In proportion to what was measured, rounded: from the slowest on, ranks make kinds that are alike, each of which has the speed of its
     * slowest, and this is rounded to few bits.
     *
     * @param flopsPerSecond of every rank, in their order; positive
     */
    public static RankSpeeds measured(List<Double> flopsPerSecond) {
        List<Integer> ascending = IntStream.range(0, flopsPerSecond.size())
                .boxed()
                .sorted(Comparator.comparing(flopsPerSecond::get))
                .toList();
        double slowest = flopsPerSecond.get(ascending.getFirst());
        double kind = slowest;
        List<Integer> weights =
                new ArrayList<>(flopsPerSecond.stream().map(_ -> 0).toList());
        for (int rank : ascending) {
            double mine = flopsPerSecond.get(rank);
            kind = mine > kind * ALIKE ? mine : kind;
            weights.set(rank, rounded(kind / slowest));
        }
        return new RankSpeeds(Weights.of(weights), "measured: " + shown(flopsPerSecond));
    }

    /** What a job would say to have the same. */
    public Speeds asJobSays() {
        return weights.areEqual() ? new Speeds.Equal() : new Speeds.Given(weights);
    }

    /** A ratio of at least 1, in units of which the ratio 1 has {@link #FINEST}. */
    private static int rounded(double ratio) {
        double most = Weights.MOST / (2 * FINEST);
        double step = Math.scalb(1.0, Math.getExponent(Math.min(ratio, most)));
        return (int) (Math.round(Math.min(ratio, most) / step * FINEST) * step);
    }

    private static String shown(List<Double> flopsPerSecond) {
        return flopsPerSecond.stream()
                .map(flops -> String.format(Locale.ROOT, "%.3g", flops / GIGA))
                .collect(Collectors.joining(", ", "", " GFLOP/s"));
    }
}
