package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.link.NodeLink;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Transport;

/** The process group over any transport. Collectives run on its point-to-point operations. */
final class TransportGroup implements ProcessGroup {
    private static final int ALL_RANKS = 0;

    private final Member member;
    private final @Nullable TransportGroup parent;
    private final int id;
    private final int[] members;
    private final int rank;
    private final Topology topology;
    private final AllReducePlan inRankOrder;
    private final AllReducePlan nodeByNode;
    private final AllGatherPlan allGatherPlan;
    private final TrafficLedger ledger = new TrafficLedger();
    private final Set<GroupOperation> open = new LinkedHashSet<>();
    private @Nullable NodeLink link;
    private long nextOperation;
    private boolean closed;

    /**
     * @param parent the group that this one is split from, null for the group of all ranks
     * @param members rank in the job of every rank of the group
     */
    TransportGroup(Member member, @Nullable TransportGroup parent, int id, int[] members, int rank) {
        this.member = member;
        this.parent = parent;
        this.id = id;
        this.members = members.clone();
        this.rank = rank;
        this.topology = member.job().topology().of(members);
        this.inRankOrder = AllReducePlan.inRankOrder(topology);
        this.nodeByNode = AllReducePlan.nodeByNode(topology);
        this.allGatherPlan = AllGatherPlan.of(topology, rank);
    }

    /** The group of all ranks. */
    static TransportGroup ofAll(Member member) {
        member.usedGroupsBelow(ALL_RANKS + 1);
        int[] all = IntStream.range(0, member.job().size()).toArray();
        return new TransportGroup(member, null, ALL_RANKS, all, member.rank());
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int size() {
        return members.length;
    }

    @Override
    public Topology topology() {
        return topology;
    }

    @Override
    public boolean takesDeviceMemory() {
        return member.transport().takesDeviceMemory();
    }

    @Override
    public Linking link(@Nullable MessageDevice device) {
        NodeLink linked = link;
        if (linked != null) {
            return new Linking(linked.join(), "");
        }
        try {
            String obstacle = NodeLink.obstacle(this, device, reluctance(device));
            if (device == null || !obstacle.isEmpty()) {
                return new Linking(null, obstacle);
            }
            NodeLink made = new NodeLink(this, member.transport(), device, this::unlink);
            link = made;
            member.drive(made);
            return new Linking(made, "");
        } catch (RuntimeException | Error e) {
            fail(e);
            throw e;
        }
    }

    /** Why this rank wants no link, empty if it does. */
    private String reluctance(@Nullable MessageDevice device) {
        if (size() == 1) {
            return "there is one rank";
        }
        if (member.transport().takesDeviceMemory()) {
            return member.transport().name() + " takes memory of devices itself";
        }
        boolean alone = topology.nodes().stream().distinct().count() == 1;
        if (!alone && !member.transport().takesDeviceMemoryAcrossNodes()) {
            return "messages between nodes take memory of the host";
        }
        return device == null ? "rank " + rank + " has no device that shares its memory" : "";
    }

    /** Messages are from host to host again. Returns whether all ranks of the node say so, which none does that is on its way out because of an error. */
    private boolean unlink() {
        NodeLink former = link;
        if (former != null) {
            member.release(former);
            link = null;
        }
        return liveness().failure() == null
                && Farewell.exchange(this, member.job().timeouts().peer());
    }

    /** Leaves an operation unfinished without that being a failure: what still comes for it is of no interest. */
    void abandon(GroupOperation operation) {
        open.remove(operation);
    }

    /** See {@link Transport#send}. */
    Transfer send(int to, Envelope envelope, MemorySegment payload) {
        NodeLink between = linkTo(to, payload);
        return between == null ? member.transport().send(envelope, payload) : between.send(envelope, payload);
    }

    /** See {@link Transport#receive}. */
    Transfer receive(int from, Envelope envelope, MemorySegment into) {
        NodeLink between = linkTo(from, into);
        return between == null ? member.transport().receive(envelope, into) : between.receive(envelope, into);
    }

    private @Nullable NodeLink linkTo(int peer, MemorySegment payload) {
        NodeLink between = link;
        return between != null && topology.sameNode(rank, peer) && between.carries(payload) ? between : null;
    }

    @Override
    public TrafficLedger ledger() {
        return ledger;
    }

    @Override
    public Liveness liveness() {
        return member.liveness();
    }

    @Override
    public void fail(Throwable reason) {
        member.fail(reason);
    }

    @Override
    public void withdraw() {
        if (link != null && liveness().failure() != null) {
            link.withdraw(member.job().timeouts().peer());
        }
        member.withdraw();
    }

    Member member() {
        return member;
    }

    int id() {
        return id;
    }

    AllGatherPlan allGatherPlan() {
        return allGatherPlan;
    }

    AllReducePlan plan(Reducer reducer) {
        return reducer.commutes() ? nodeByNode : inRankOrder;
    }

    /** Rank in the job of a rank of this group. */
    int global(int groupRank) {
        return members[Objects.checkIndex(groupRank, members.length)];
    }

    @Override
    public GroupMemory allocate(long bytes) {
        requireOpen();
        return member.allocate(bytes);
    }

    @Override
    public GroupOperation begin(String name) {
        requireOpen();
        GroupOperation operation = new GroupOperation(this, nextOperation++, name);
        member.transport().operationBegan(id, operation.number(), name);
        open.add(operation);
        return operation;
    }

    void ended(GroupOperation operation) {
        open.remove(operation);
        member.transport().operationEnded(id, operation.number());
        for (TransportGroup group = this; group != null; group = group.parent) {
            group.ledger.record(operation.name(), operation.account());
        }
    }

    @Override
    public void await(Wait wait) {
        member.await(wait);
    }

    @Override
    public void wake() {
        member.wake();
    }

    /** Runs a collective operation; if it fails on this rank alone, all ranks learn it, since they would wait for this one. */
    private void collective(String name, Consumer<GroupOperation> body) {
        GroupOperation operation = begin(name);
        try {
            body.accept(operation);
            operation.close();
        } catch (RuntimeException | Error e) {
            fail(e);
            open.remove(operation);
            throw e;
        }
    }

    @Override
    public ProcessGroup split(int colour, int key) {
        Split split = new Split(colour, key, member.nextGroup());
        List<Split> all = new ArrayList<>();
        collective("split", operation -> all.addAll(split.exchange(this, operation)));
        Split.Part part = Split.part(all, rank);
        member.usedGroupsBelow(part.idsBelow());
        int[] global = part.ranks().stream().mapToInt(this::global).toArray();
        return new TransportGroup(member, this, part.id(), global, part.ranks().indexOf(rank));
    }

    @Override
    public ProcessGroup duplicate() {
        if (parent != null) {
            throw new IllegalStateException(
                    "group %d of rank %d was split from another: duplicate the group of all ranks, and split the duplicate alike"
                            .formatted(id, member.rank()));
        }
        barrier("duplicate");
        try {
            return ofAll(member.duplicate());
        } catch (RuntimeException | Error e) {
            fail(e);
            throw e;
        }
    }

    @Override
    public void allReduce(MemorySegment elements, long elementBytes, Reducer reducer) {
        allReduce(elements, scratch(plan(reducer).reduces(rank) ? elements.byteSize() : 0), elementBytes, 0, reducer);
    }

    /** Taken before the operation begins; if there is none, all ranks learn it as if that had failed. */
    private MemorySegment scratch(long bytes) {
        try {
            return member.scratch(bytes).segment().asSlice(0, bytes);
        } catch (MemoryExhaustedException e) {
            fail(e);
            throw e;
        }
    }

    @Override
    public void allReduce(
            MemorySegment elements, MemorySegment scratch, long elementBytes, long digest, Reducer reducer) {
        Collectives.requireWhole(elements, elementBytes);
        if (plan(reducer).reduces(rank) && scratch.byteSize() != elements.byteSize()) {
            throw new IllegalArgumentException("elements of %d bytes cannot be reduced with %d bytes of scratch memory"
                    .formatted(elements.byteSize(), scratch.byteSize()));
        }
        long agreed = Digest.of("elements", elementBytes, digest, reducer.commutes() ? 1 : 0);
        collective("all-reduce", operation -> new AllReduce(this, operation, elements, scratch, agreed, reducer).run());
    }

    @Override
    public void allGather(MemorySegment mine, List<MemorySegment> all) {
        Collectives.requireOneForEachRank(this, all);
        collective("all-gather", operation -> Collectives.allGather(this, operation, mine, all));
    }

    @Override
    public void allToAll(List<MemorySegment> send, List<MemorySegment> receive) {
        Collectives.requireOneForEachRank(this, send);
        Collectives.requireOneForEachRank(this, receive);
        collective("all-to-all", operation -> Collectives.allToAll(this, operation, send, receive));
    }

    @Override
    public void exclusiveScan(MemorySegment elements, MemorySegment identity, long elementBytes, Reducer reducer) {
        Collectives.requireWhole(elements, elementBytes);
        if (identity.byteSize() != elements.byteSize()) {
            throw new IllegalArgumentException("the identity has %d bytes, the elements have %d"
                    .formatted(identity.byteSize(), elements.byteSize()));
        }
        collective(
                "exclusive scan",
                operation -> new ExclusiveScan(this, operation, elements, elementBytes, reducer).run(identity));
    }

    @Override
    public void broadcast(MemorySegment payload, int root) {
        Objects.checkIndex(root, size());
        collective("broadcast", operation -> Collectives.broadcast(this, operation, payload, root));
    }

    @Override
    public void barrier() {
        barrier("barrier");
    }

    private void barrier(String name) {
        collective(name, operation -> Collectives.barrier(this, operation));
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("group " + id + " of rank " + member.rank() + " is closed");
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (!open.isEmpty()) {
            member.fail("left the group in the middle of " + open.iterator().next());
        }
        if (parent == null) {
            member.close();
        }
    }

    @Override
    public String toString() {
        return "rank %d of %d over %s"
                .formatted(rank, size(), member.transport().name());
    }
}
