package org.ringwood.collectives;

import java.util.List;

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
        return new Topology(java.util.Collections.nCopies(ranks, "local"));
    }

    /** Number of ranks. */
    public int size() {
        return nodes.size();
    }

    /** Whether two ranks share a node. */
    public boolean sameNode(int a, int b) {
        return nodes.get(a).equals(nodes.get(b));
    }
}
