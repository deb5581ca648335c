package org.ringwood.collectives;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;
import org.ringwood.collectives.TrafficLedger.Account;
import org.ringwood.collectives.TrafficLedger.Traffic;

/**
 * What one rank does in an all-gather. Every part goes to each rank of its own node, and across to one rank of each other node, which
 * passes it on to the others there: it crosses once a node, not once a rank. A node's ranks take turns in receiving for it.
 * One hop where nobody shares a node with another or all share one, else two.
 *
 * @param exchanges in the order in which they begin; what is passed on comes last
 */
record AllGatherPlan(List<Exchange> exchanges) {
    /**
     * A message.
     *
     * @param hop 0 for a rank's own part, 1 for what is passed on
     * @param source rank whose part it is
     * @param peer the other rank
     * @param sends whether this rank sends it
     */
    record Exchange(int hop, int source, int peer, boolean sends) {}

    static AllGatherPlan of(Topology topology, int rank) {
        List<List<Integer>> nodes = topology.ranksByNode();
        int[] nodeOf = new int[topology.size()];
        int[] placeOf = new int[topology.size()];
        for (int node = 0; node < nodes.size(); node++) {
            for (int place = 0; place < nodes.get(node).size(); place++) {
                nodeOf[nodes.get(node).get(place)] = node;
                placeOf[nodes.get(node).get(place)] = place;
            }
        }
        List<Exchange> exchanges = new ArrayList<>();
        List<Exchange> passedOn = new ArrayList<>();
        for (int step = 1; step < topology.size(); step++) {
            int from = Math.floorMod(rank - step, topology.size());
            int to = (rank + step) % topology.size();
            List<Integer> here = nodes.get(nodeOf[rank]);
            List<Integer> there = nodes.get(nodeOf[to]);
            int landing = nodeOf[from] == nodeOf[rank] ? rank : here.get(placeOf[from] % here.size());
            if (landing == rank) {
                exchanges.add(new Exchange(0, from, from, false));
            } else {
                exchanges.add(new Exchange(1, from, landing, false));
            }
            if (nodeOf[to] == nodeOf[rank] || there.get(placeOf[rank] % there.size()) == to) {
                exchanges.add(new Exchange(0, rank, to, true));
            }
            if (nodeOf[from] != nodeOf[rank] && landing == rank) {
                here.stream()
                        .filter(other -> other != rank)
                        .forEach(other -> passedOn.add(new Exchange(1, from, other, true)));
            }
        }
        exchanges.addAll(passedOn);
        return new AllGatherPlan(List.copyOf(exchanges));
    }

    /** What it costs the rank, if rank r's part has {@code bytes(r)} bytes. */
    Traffic traffic(Topology topology, int rank, IntToLongFunction bytes) {
        Account account = new Account();
        for (Exchange exchange : exchanges) {
            if (exchange.sends) {
                account.sent(bytes.applyAsLong(exchange.source), exchange.hop, topology.sameNode(rank, exchange.peer));
            } else {
                account.received(exchange.hop);
            }
        }
        return account.traffic();
    }
}
