package org.ringwood.collectives.aeron;

import io.aeron.Subscription;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.NativeMemory;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.LentCopy;
import org.ringwood.collectives.transport.Transport;

/**
 * Ranks are processes of one or several hosts. Each pair that exchanges messages has an Aeron stream in each direction; a message
 * is cut into frames that are copied once into Aeron's log and once from there to where the receiver wants them.
 *
 * <p>A large message flows only once its receiver has posted its memory, so receivers need no memory for what they do not
 * expect yet. Small ones may go at once, up to a budget ({@link AeronTuning#eagerBudgetBytes()}).
 *
 * <p>There is neither authentication nor encryption: use it in trusted networks only.
 */
public final class AeronTransport implements Transport {
    private static final String ADDRESS_KEY = "aeron.address";

    private final AeronConfig config;
    private final Troubles troubles;
    private final NodeClient node;
    private final Map<Integer, Peer> peers = new TreeMap<>();
    private final Inbound inbound;
    private final List<Subscription> subscriptions = new ArrayList<>();
    private boolean withdrawn;
    private boolean closed;

    private AeronTransport(AeronConfig config, Liveness liveness, Troubles troubles, NodeClient node) {
        this.config = config;
        this.troubles = troubles;
        this.node = node;
        this.inbound = new Inbound(config, peers, liveness, troubles);
    }

    /**
     * Launches the node's media driver if this is the first rank of its node, opens a port, publishes it and waits for the ports of all
     * peers. All ranks of the job call it, each on its own thread or process.
     *
     * @param liveness where the loss of a peer, and what else goes wrong, is reported
     * @throws org.ringwood.collectives.GroupFailureException if a peer does not publish its port in time
     * @throws IllegalArgumentException if the address and port cannot be listened on
     */
    public static AeronTransport connect(AeronConfig config, Liveness liveness) {
        Troubles troubles = new Troubles(liveness);
        return connect(config, liveness, troubles, c -> NodeDriver.launch(c, NodeDriver.context(c, troubles)));
    }

    /** With a driver of the caller's making. */
    static AeronTransport connect(
            AeronConfig config, Liveness liveness, Troubles troubles, Function<AeronConfig, NodeDriver> launcher) {
        NodeClient node = NodeClient.join(config, troubles, launcher);
        try {
            AeronTransport transport = new AeronTransport(config, liveness, troubles, node);
            transport.publish(transport.listen());
            transport.meetPeers();
            return transport;
        } catch (RuntimeException e) {
            node.abandon();
            throw e;
        }
    }

    /** Returns the endpoint for datagrams. */
    private String listen() {
        long job = config.job().nonce();
        if (config.peers().anyMatch(config::usesIpc)) {
            subscriptions.add(node.subscribe(Channel.ipc(job, config.rank()), inbound::imageEnded));
        }
        if (config.peers().allMatch(config::usesIpc)) {
            return Address.NONE;
        }
        Channel channel = Channel.listening(config.listening(), job, config.rank());
        Subscription datagrams = node.subscribe(channel, inbound::imageEnded);
        subscriptions.add(datagrams);
        return node.endpoint(channel, datagrams);
    }

    private void publish(String endpoint) {
        Address address = new Address(
                endpoint,
                config.tuning().eagerBytes(),
                config.tuning().eagerBudgetBytes(),
                ProcessHandle.current().pid(),
                config.job().topology().nodes().get(config.rank()));
        config.rendezvous().publish(Rendezvous.key(ADDRESS_KEY, config.rank()), address.encoded());
    }

    private void meetPeers() {
        config.peers().forEach(rank -> {
            String key = Rendezvous.key(ADDRESS_KEY, rank);
            Address address = Address.decode(
                    config.rendezvous().await(key, config.job().timeouts().join()));
            peers.put(rank, new Peer(config, rank, address, node.aeron(), troubles));
        });
    }

    @Override
    public String name() {
        return "aeron";
    }

    @Override
    public Transfer send(Envelope envelope, MemorySegment payload) {
        Peer peer = peers.get(envelope.destination());
        if (peer == null) {
            throw new IllegalArgumentException(
                    "rank %d has no peer %d over Aeron".formatted(config.rank(), envelope.destination()));
        }
        return peer.send(envelope, payload);
    }

    @Override
    public Transfer receive(Envelope envelope, MemorySegment into) {
        Landing landing = Landing.into(into, envelope);
        inbound.post(landing);
        return landing;
    }

    @Override
    public BorrowedTransfer borrow(Envelope envelope) {
        GroupMemory memory = new NativeMemory(envelope.bytes());
        Landing landing = Landing.into(memory.segment(), envelope);
        inbound.post(landing);
        return new LentCopy(landing, memory::segment, memory::close);
    }

    @Override
    public boolean progress() {
        if (closed || withdrawn || !node.isUsable()) {
            return false;
        }
        boolean moved = move();
        peers.values().forEach(Peer::check);
        return moved;
    }

    private boolean move() {
        boolean moved = inbound.poll(subscriptions);
        for (Peer peer : peers.values()) {
            moved |= peer.outlet().push();
        }
        return moved;
    }

    @Override
    public void operationBegan(int group, long operation, String name) {
        inbound.inbox().operationBegan(group, operation, name);
    }

    @Override
    public void operationEnded(int group, long operation) {
        inbound.inbox().operationEnded(group, operation);
        peers.values().forEach(peer -> peer.operationEnded(group, operation));
    }

    @Override
    public @Nullable GroupMemory allocate(long bytes) {
        return null;
    }

    @Override
    public boolean withdraw() {
        withdrawn = true;
        return false;
    }

    /**
     * Says goodbye to the peers that there was contact with, and waits until they have taken in the last messages or left themselves,
     * for {@link AeronTuning#linger()} at most. The host of the node's driver stays until the other ranks of the node
     * have left. If the job has failed, nobody is waited for.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        try {
            part();
        } finally {
            closed = true;
            node.close();
        }
    }

    private void part() {
        inbound.closing();
        if (troubles.failed() || node.aeron().isClosed()) {
            return;
        }
        for (Peer peer : peers.values()) {
            if (peer.outlet().isOpen() || hears(peer.rank())) {
                peer.sayGoodbye();
            }
        }
        node.await(
                () -> {
                    move();
                    return peers.values().stream().allMatch(Peer::isParted);
                },
                config.tuning().linger());
    }

    /** Whether a stream of a peer is there. */
    boolean hears(int rank) {
        Peer peer = peers.get(rank);
        return peer != null && inbound.hears(peer);
    }

    /** Frames that were dropped because no rank of this job sent them. */
    long strangers() {
        return inbound.strangers();
    }
}
