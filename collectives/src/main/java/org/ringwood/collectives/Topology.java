package org.ringwood.collectives;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which ranks share a node.
 *
 * @param nodes node name of every rank
 */
public record Topology(List<String> nodes) {
    /** @throws IllegalArgumentException if there is no rank */
    public Topology {
        nodes = List.copyOf(nodes);
        if (nodes.isEmpty()) {
            throw new IllegalArgumentException("a topology has at least one rank");
        }
    }

    /** All ranks on one node. */
    public static Topology singleNode(int ranks) {
        return new Topology(Collections.nCopies(ranks, "local"));
    }

    /** Ranks that fill some nodes one after the other, as launchers do; nodes differ by one rank at most. */
    public static Topology spread(int ranks, int nodes) {
        return new Topology(IntStream.range(0, ranks)
                .mapToObj(rank -> "node" + (long) rank * nodes / ranks)
                .toList());
    }

    /** The topology of some of the ranks, in the order given. */
    public Topology of(int... ranks) {
        return new Topology(IntStream.of(ranks).mapToObj(nodes::get).toList());
    }

    /** Number of ranks. */
    public int size() {
        return nodes.size();
    }

    /** Number of nodes. */
    public int nodeCount() {
        return (int) nodes.stream().distinct().count();
    }

    /** The ranks of every node, in order; nodes in the order of their first ranks. */
    public List<List<Integer>> ranksByNode() {
        Map<String, List<Integer>> byNode = new LinkedHashMap<>();
        for (int rank = 0; rank < size(); rank++) {
            byNode.computeIfAbsent(nodes.get(rank), node -> new ArrayList<>()).add(rank);
        }
        return List.copyOf(byNode.values());
    }

    /** Whether two ranks share a node. */
    public boolean sameNode(int a, int b) {
        return nodes.get(a).equals(nodes.get(b));
    }
}
