package org.ringwood.collectives;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.collectives.Operation.Transfer;

/** The end of a link of devices: every rank of a node tells the others that it has closed what it had open of theirs. */
final class Farewell implements ProcessGroup.Wait {
    private final List<Transfer> transfers = new ArrayList<>();
    private final long deadline;

    private Farewell(TransportGroup group, GroupOperation operation, Duration patience) {
        deadline = System.nanoTime() + patience.toNanos();
        for (int peer = 0; peer < group.size(); peer++) {
            if (peer != group.rank() && group.topology().sameNode(peer, group.rank())) {
                transfers.add(operation.send(peer, 0, 0, word(), 0));
                transfers.add(operation.receive(peer, 0, 0, word(), 0));
            }
        }
    }

    private static MemorySegment word() {
        return Arena.ofAuto().allocate(1);
    }

    /** Returns whether all have told it in time. A rank may be busy elsewhere, or never come: that it does not is no failure of this one's. */
    static boolean exchange(TransportGroup group, Duration patience) {
        GroupOperation operation = group.begin("unlink");
        Farewell farewell = new Farewell(group, operation, patience);
        group.await(farewell);
        if (farewell.isComplete()) {
            operation.close();
            return true;
        }
        group.abandon(operation);
        return false;
    }

    private boolean isComplete() {
        return transfers.stream().allMatch(Transfer::isDone);
    }

    @Override
    public boolean done() {
        return isComplete() || System.nanoTime() - deadline > 0;
    }

    @Override
    public String describe() {
        return "the ranks of its node to close the link of their devices";
    }
}
