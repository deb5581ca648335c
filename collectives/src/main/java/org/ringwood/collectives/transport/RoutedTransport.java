package org.ringwood.collectives.transport;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.Topology;

/** One transport within the node, another between nodes. */
public final class RoutedTransport implements Transport {
    private final Topology topology;
    private final Transport withinNode;
    private final Transport acrossNodes;

    /**
     * Both transports address ranks by their rank in the whole job, and are closed with this one.
     *
     * @param withinNode reaches the ranks of this node; gives the memory of the group
     * @param acrossNodes reaches all others
     */
    public RoutedTransport(Topology topology, Transport withinNode, Transport acrossNodes) {
        this.topology = topology;
        this.withinNode = withinNode;
        this.acrossNodes = acrossNodes;
    }

    private Transport route(Envelope envelope) {
        return topology.sameNode(envelope.source(), envelope.destination()) ? withinNode : acrossNodes;
    }

    @Override
    public String name() {
        return withinNode.name() + "+" + acrossNodes.name();
    }

    @Override
    public boolean takesDeviceMemory() {
        return withinNode.takesDeviceMemory() && acrossNodes.takesDeviceMemory();
    }

    @Override
    public boolean takesDeviceMemoryAcrossNodes() {
        return acrossNodes.takesDeviceMemory();
    }

    @Override
    public Transfer send(Envelope envelope, MemorySegment payload) {
        return route(envelope).send(envelope, payload);
    }

    @Override
    public Transfer receive(Envelope envelope, MemorySegment into) {
        return route(envelope).receive(envelope, into);
    }

    @Override
    public BorrowedTransfer borrow(Envelope envelope) {
        return route(envelope).borrow(envelope);
    }

    @Override
    public boolean progress() {
        boolean movedWithin = withinNode.progress();
        return acrossNodes.progress() || movedWithin;
    }

    /** Rests as the network does: its polls are the dearer ones. What comes within the node meanwhile waits no longer than that. */
    @Override
    public void park(long nanos) {
        acrossNodes.park(nanos);
    }

    @Override
    public void operationBegan(int group, long operation, String name) {
        withinNode.operationBegan(group, operation, name);
        acrossNodes.operationBegan(group, operation, name);
    }

    @Override
    public void operationEnded(int group, long operation) {
        withinNode.operationEnded(group, operation);
        acrossNodes.operationEnded(group, operation);
    }

    @Override
    public @Nullable GroupMemory allocate(long bytes) {
        return withinNode.allocate(bytes);
    }

    @Override
    public boolean withdraw() {
        boolean readWithin = withinNode.withdraw();
        return acrossNodes.withdraw() || readWithin;
    }

    @Override
    public boolean isIntact() {
        return withinNode.isIntact() && acrossNodes.isIntact();
    }

    @Override
    public void close() {
        try (withinNode;
                acrossNodes) {
            // Closes both, also if one of them throws.
        }
    }
}
