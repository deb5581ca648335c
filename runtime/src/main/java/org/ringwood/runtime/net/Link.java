package org.ringwood.runtime.net;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Topology;

/**
 * What a rank's link gives while all ranks use theirs: the ceiling of what attention can send.
 *
 * @param bytesPerSecondWithin to a rank of the same node; NaN if no node has two
 * @param bytesPerSecondAcross to a rank of another node; NaN if there is one node
 * @param bytesPerSecondOfCard of a node's network card, which its ranks have shared; NaN if there is one node
 * @param latencySeconds of a message of one element to the farther of both
 */
public record Link(
        double bytesPerSecondWithin, double bytesPerSecondAcross, double bytesPerSecondOfCard, double latencySeconds) {
    private static final long LARGEST = 64 << 20;
    private static final long SMALLEST = 64 << 10;
    private static final int GROWTH = 4;
    private static final int REPETITIONS = 3;
    private static final int MESSAGES = 30;
    /** Longer than what a rate limiter lets through at once. */
    private static final Duration LONG_ENOUGH = Duration.ofMillis(300);

    /** No link: a rank alone. */
    public static final Link NONE = new Link(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    /** Measures it; takes less than a second on a fast link. Every rank calls it. */
    public static Link measure(ProcessGroup group) {
        int[] within = neighbours(group.topology(), true);
        int[] across = neighbours(group.topology(), false);
        int[] farther = isEmpty(across) ? within : across;
        if (isEmpty(farther)) {
            return NONE;
        }
        double ofRank = rate(group, across);
        return new Link(
                rate(group, within), ofRank, ofRank * sharers(group.topology(), across), latency(group, farther));
    }

    /** The rate that bounds a job: across nodes, if it has several. */
    public double bytesPerSecond() {
        return Double.isNaN(bytesPerSecondAcross) ? bytesPerSecondWithin : bytesPerSecondAcross;
    }

    private static boolean isEmpty(int[] to) {
        return Arrays.stream(to).allMatch(rank -> rank < 0);
    }

    /** Whom each rank sends to, so that all do at once: the next of its node, or the one in its place on the next node. */
    static int[] neighbours(Topology topology, boolean within) {
        List<List<Integer>> ranks = topology.ranksByNode();
        int[] to = new int[topology.size()];
        Arrays.fill(to, -1);
        for (int node = 0; node < ranks.size(); node++) {
            List<Integer> own = ranks.get(node);
            for (int place = 0; place < own.size(); place++) {
                List<Integer> others = within ? own : ranks.get((node + 1) % ranks.size());
                int target = within ? (place + 1) % own.size() : place;
                boolean reached = (within ? own.size() : ranks.size()) > 1 && target < others.size();
                to[own.get(place)] = reached ? others.get(target) : -1;
            }
        }
        return to;
    }

    /** How many ranks of a node send at once, at most. */
    private static long sharers(Topology topology, int[] to) {
        return topology.ranksByNode().stream()
                .mapToLong(ranks -> ranks.stream().filter(rank -> to[rank] >= 0).count())
                .max()
                .orElse(0);
    }

    private static double rate(ProcessGroup group, int[] to) {
        if (isEmpty(to)) {
            return Double.NaN;
        }
        for (long bytes = SMALLEST; ; bytes *= GROWTH) {
            try (Exchange exchange = new Exchange.SendReceive(group, to, bytes)) {
                double seconds = Timing.fastest(group, exchange, REPETITIONS);
                // Only the largest counts: rate limiters let small amounts pass at once.
                if (bytes >= LARGEST || seconds * 1e9 >= LONG_ENOUGH.toNanos()) {
                    return bytes / seconds;
                }
            }
        }
    }

    private static double latency(ProcessGroup group, int[] to) {
        try (Exchange exchange = new Exchange.SendReceive(group, to, Exchange.ELEMENT_BYTES)) {
            return Timing.fastest(group, exchange, MESSAGES);
        }
    }
}
