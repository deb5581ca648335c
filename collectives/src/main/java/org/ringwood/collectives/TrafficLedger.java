package org.ringwood.collectives;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Counts what a rank sends: logical payload of each operation, without headers or retransmission, alike on every
 * transport, also where shared memory is read in place. Belongs to the group's thread.
 */
public final class TrafficLedger {
    /**
     * What one rank sent.
     *
     * @param bytesWithinNode payload bytes to ranks of the same node
     * @param bytesAcrossNodes payload bytes to ranks of other nodes
     * @param messages messages sent
     * @param hops sequential network steps that this rank sent or received in
     */
    public record Traffic(long bytesWithinNode, long bytesAcrossNodes, long messages, long hops) {
        /** Nothing. */
        public static final Traffic NONE = new Traffic(0, 0, 0, 0);

        /** All payload bytes. */
        public long bytes() {
            return bytesWithinNode + bytesAcrossNodes;
        }

        /** Sum of both, field by field. */
        public Traffic plus(Traffic other) {
            return new Traffic(
                    bytesWithinNode + other.bytesWithinNode,
                    bytesAcrossNodes + other.bytesAcrossNodes,
                    messages + other.messages,
                    hops + other.hops);
        }

        /** Difference of both, field by field: what came after {@code earlier}. */
        public Traffic minus(Traffic earlier) {
            return new Traffic(
                    bytesWithinNode - earlier.bytesWithinNode,
                    bytesAcrossNodes - earlier.bytesAcrossNodes,
                    messages - earlier.messages,
                    hops - earlier.hops);
        }
    }

    /**
     * The traffic of one finished operation.
     *
     * @param name as given to {@link ProcessGroup#begin}
     */
    public record Entry(String name, Traffic traffic) {}

    /** The account of one operation while it runs. */
    public static final class Account {
        private final Set<Integer> hops = new HashSet<>();
        private long within;
        private long across;
        private long messages;

        /** A message of this rank in a hop. */
        public void sent(long bytes, int hop, boolean sameNode) {
            if (sameNode) {
                within += bytes;
            } else {
                across += bytes;
            }
            messages++;
            hops.add(hop);
        }

        /** A message to this rank in a hop. */
        public void received(int hop) {
            hops.add(hop);
        }

        /** The sum so far. */
        public Traffic traffic() {
            return new Traffic(within, across, messages, hops.size());
        }
    }

    /** A trainer runs for days: the ledger must not grow with it. */
    private static final int MOST_ENTRIES = 10_000;

    private final Deque<Entry> entries = new ArrayDeque<>();
    private Traffic total = Traffic.NONE;

    /** Adds a finished operation. */
    public void record(String name, Account account) {
        Traffic traffic = account.traffic();
        total = total.plus(traffic);
        if (entries.size() == MOST_ENTRIES) {
            entries.removeFirst();
        }
        entries.addLast(new Entry(name, traffic));
    }

    /** Finished operations, oldest first: the latest 10 000. */
    public List<Entry> entries() {
        return List.copyOf(entries);
    }

    /** Sum over all finished operations, however many. */
    public Traffic total() {
        return total;
    }
}
