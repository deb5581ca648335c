package org.ringwood.collectives;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.collectives.AllReducePlan.Exchange.Incoming;
import org.ringwood.collectives.TrafficLedger.Traffic;

/**
 * The schedule of an all-reduce: who exchanges the whole state with whom, in which hop.
 *
 * <p>Ranks are first cut into <em>runs</em>: consecutive ranks of one node or, if the reducer commutes, all ranks of a node. If there is one run, or each rank is its own,
 * recursive doubling over all ranks: ⌈log₂P⌉ hops for a power of two, else ⌊log₂P⌋ + 2, since pairs of neighbours fold into one
 * before and get the result after. Otherwise each run reduces to its first rank along a binomial tree, the first ranks reduce
 * among each other as above, and spread the result within their runs along the same tree. So a node sends
 * at most one state across in a hop. If the reducer does not commute, nodes whose ranks are scattered count as several runs: right, if
 * with more crossings.
 *
 * <p>Every rank holds the reduction of consecutive ranks of the order at any time, where the order is that of the ranks unless the
 * reducer commutes; both sides of an exchange compute the same expression, so the bits are the same on every rank.
 *
 * @param ranks the exchanges of every rank, in order
 * @param hops hops from begin to end
 */
public record AllReducePlan(List<List<Exchange>> ranks, int hops) {
    /**
     * What a rank does in a hop.
     *
     * @param hop sequential network step, from 0
     * @param peer the other rank
     * @param sends whether this rank sends its state to the peer
     * @param incoming what comes from the peer, and what becomes of it
     */
    public record Exchange(int hop, int peer, boolean sends, Incoming incoming) {
        /** What comes from the peer. */
        public enum Incoming {
            /** Nothing. */
            NONE,
            /** The state of ranks that come before: becomes {@code incoming ⊕ own}. */
            LOWER,
            /** The state of ranks that come after: becomes {@code own ⊕ incoming}. */
            HIGHER,
            /** The result, which replaces the own state. */
            RESULT
        }
    }

    /** The immutable plan. */
    public AllReducePlan {
        ranks = ranks.stream().map(List::copyOf).toList();
    }

    /** The plan for ranks on these nodes that keeps the order of ranks. */
    public static AllReducePlan inRankOrder(Topology topology) {
        return new Builder(topology.size()).build(runs(topology));
    }

    /** The plan for a reducer that {@linkplain Reducer#commutes commutes}: the ranks of a node come together, however they are numbered. */
    public static AllReducePlan nodeByNode(Topology topology) {
        return new Builder(topology.size()).build(topology.ranksByNode());
    }

    private static List<List<Integer>> runs(Topology topology) {
        List<List<Integer>> runs = new ArrayList<>();
        for (int rank = 0; rank < topology.size(); rank++) {
            if (rank == 0 || !topology.sameNode(rank - 1, rank)) {
                runs.add(new ArrayList<>());
            }
            runs.getLast().add(rank);
        }
        return runs;
    }

    /** Whether a rank takes in elements of others, for which it needs memory besides its own. */
    public boolean reduces(int rank) {
        return ranks.get(rank).stream()
                .anyMatch(exchange -> exchange.incoming() == Incoming.LOWER || exchange.incoming() == Incoming.HIGHER);
    }

    /** What the all-reduce of {@code bytes} costs a rank. */
    public Traffic traffic(Topology topology, int rank, long bytes) {
        TrafficLedger.Account account = new TrafficLedger.Account();
        for (Exchange exchange : ranks.get(rank)) {
            if (exchange.sends()) {
                account.sent(bytes, exchange.hop(), topology.sameNode(rank, exchange.peer()));
            }
            if (exchange.incoming() != Incoming.NONE) {
                account.received(exchange.hop());
            }
        }
        return account.traffic();
    }

    private static final class Builder {
        private final List<List<Exchange>> ranks;
        private int hop;

        Builder(int size) {
            ranks = IntStream.range(0, size)
                    .<List<Exchange>>mapToObj(r -> new ArrayList<>())
                    .toList();
        }

        AllReducePlan build(List<List<Integer>> runs) {
            if (runs.size() == 1) {
                doubling(runs.getFirst());
            } else {
                List<Integer> firsts = runs.stream().map(List::getFirst).toList();
                int longest = runs.stream().mapToInt(List::size).max().orElseThrow();
                for (int distance = 1; distance < longest; distance *= 2) {
                    reduceStep(runs, distance);
                }
                doubling(firsts);
                for (int distance = Integer.highestOneBit(longest - 1); distance > 0; distance /= 2) {
                    spreadStep(runs, distance);
                }
            }
            return new AllReducePlan(ranks, hop);
        }

        /** Recursive doubling among members; what exceeds a power of two is folded into neighbours first. */
        private void doubling(List<Integer> members) {
            int power = Integer.highestOneBit(members.size());
            int pairs = members.size() - power;
            List<Integer> active = new ArrayList<>();
            for (int i = 0; i < power; i++) {
                active.add(members.get(i < pairs ? 2 * i : i + pairs));
            }
            if (pairs > 0) {
                for (int i = 0; i < pairs; i++) {
                    give(members.get(2 * i + 1), members.get(2 * i), Incoming.HIGHER);
                }
                hop++;
            }
            for (int distance = 1; distance < power; distance *= 2) {
                for (int i = 0; i < power; i++) {
                    Incoming incoming = (i & distance) == 0 ? Incoming.HIGHER : Incoming.LOWER;
                    add(active.get(i), new Exchange(hop, active.get(i ^ distance), true, incoming));
                }
                hop++;
            }
            if (pairs > 0) {
                for (int i = 0; i < pairs; i++) {
                    give(members.get(2 * i), members.get(2 * i + 1), Incoming.RESULT);
                }
                hop++;
            }
        }

        private void reduceStep(List<List<Integer>> runs, int distance) {
            for (List<Integer> run : runs) {
                for (int i = 0; i + distance < run.size(); i += 2 * distance) {
                    give(run.get(i + distance), run.get(i), Incoming.HIGHER);
                }
            }
            hop++;
        }

        private void spreadStep(List<List<Integer>> runs, int distance) {
            for (List<Integer> run : runs) {
                for (int i = 0; i + distance < run.size(); i += 2 * distance) {
                    give(run.get(i), run.get(i + distance), Incoming.RESULT);
                }
            }
            hop++;
        }

        private void give(int from, int to, Incoming incoming) {
            add(from, new Exchange(hop, to, true, Incoming.NONE));
            add(to, new Exchange(hop, from, false, incoming));
        }

        private void add(int rank, Exchange exchange) {
            ranks.get(rank).add(exchange);
        }
    }
}
