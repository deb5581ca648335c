package org.ringwood.collectives.connect;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.Topology;

/** Which ranks share a node, as they tell each other. */
public final class Nodes {
    private static final String NODE = "node";

    private Nodes() {}

    /**
     * Tells the others where this rank runs, and learns where they do. Once for every rendezvous.
     *
     * @throws org.ringwood.collectives.GroupFailureException if a rank does not tell in time
     */
    public static Topology meet(Participant self, Duration join) {
        publish(self);
        return await(self, join);
    }

    static void publish(Participant self) {
        self.rendezvous().publish(Rendezvous.key(NODE, self.rank()), Node.own().encoded());
    }

    static Topology await(Participant self, Duration join) {
        List<Node> nodes = IntStream.range(0, self.size())
                .mapToObj(rank -> Node.decode(self.rendezvous().await(Rendezvous.key(NODE, rank), join)))
                .toList();
        return Node.topology(nodes);
    }
}
