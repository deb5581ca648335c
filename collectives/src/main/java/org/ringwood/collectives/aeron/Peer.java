package org.ringwood.collectives.aeron;

import io.aeron.Aeron;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.transport.Envelope;

/**
 * What this rank knows of another: which messages to it wait until it is ready, how much it may be sent eagerly, and whether it
 * is still there.
 */
final class Peer {
    /** What holding a message costs the receiver besides its bytes. */
    private static final long MESSAGE_COST = 128;

    private final int self;
    private final int rank;
    private final Address address;
    private final AeronTuning tuning;
    private final Outlet outlet;
    private final Envelope controlEnvelope;
    private final Troubles troubles;
    private final Map<Envelope.Key, Outgoing> waiting = new HashMap<>();
    private final Set<Envelope.Key> ready = new HashSet<>();
    private final List<Transfer> underWay = new ArrayList<>();
    private long eagerSent;
    private long eagerReturned;
    private long eagerTaken;
    private long eagerTold;
    private boolean saidGoodbye;
    private boolean left;
    private boolean farewell;
    private @Nullable Cause streamLost;

    Peer(AeronConfig config, int rank, Address address, Aeron aeron, Troubles troubles) {
        this.self = config.rank();
        this.rank = rank;
        this.address = address;
        this.tuning = config.tuning();
        this.troubles = troubles;
        long job = config.job().nonce();
        this.controlEnvelope = new Envelope(job, 0, config.job().epoch(), self, rank, 0, 0, 0, 0, 0);
        Channel channel = config.usesIpc(rank)
                ? Channel.ipc(job, rank)
                : Channel.sending(config.address(), address.endpoint(), job, rank);
        this.outlet = new Outlet(aeron, channel, Outlet.control(Frame.Kind.HELLO, controlEnvelope, 0));
    }

    int rank() {
        return rank;
    }

    Address address() {
        return address;
    }

    Outlet outlet() {
        return outlet;
    }

    /** Starts to send: at once if the peer is ready, or takes it eagerly; else when it is. */
    Transfer send(Envelope envelope, MemorySegment payload) {
        Outgoing message = track(new Outgoing(envelope, payload));
        if (ready.remove(envelope.key())) {
            outlet.stream(message);
        } else if (mayGoEagerly(envelope)) {
            eagerSent += cost(envelope);
            outlet.stream(message);
        } else {
            waiting.put(envelope.key(), message);
            outlet.tell(Outlet.control(Frame.Kind.ANNOUNCE, envelope, 0));
        }
        outlet.push();
        return message;
    }

    private boolean mayGoEagerly(Envelope envelope) {
        return address.isEager(envelope.bytes())
                && eagerSent - eagerReturned + cost(envelope) <= address.eagerBudgetBytes();
    }

    private static long cost(Envelope envelope) {
        return envelope.bytes() + MESSAGE_COST;
    }

    /** Remembers a message to or from this peer for as long as it is not done. */
    <T extends Transfer> T track(T transfer) {
        underWay.removeIf(Transfer::isDone);
        underWay.add(transfer);
        return transfer;
    }

    /** The peer has posted its memory for a message. */
    void onReady(Envelope envelope) {
        Outgoing message = waiting.remove(envelope.key());
        if (message == null) {
            ready.add(envelope.key());
        } else {
            outlet.stream(message);
        }
    }

    void onCredit(long returned) {
        eagerReturned = returned;
    }

    /** An eager message of the peer is no longer held here. The peer learns it once it adds up. */
    void tookEager(Envelope envelope) {
        eagerTaken += cost(envelope);
        if (eagerTaken - eagerTold > tuning.eagerBudgetBytes() / 4) {
            eagerTold = eagerTaken;
            outlet.tell(Outlet.control(Frame.Kind.CREDIT, controlEnvelope, eagerTaken));
        }
    }

    void invite(Envelope envelope) {
        outlet.tell(Outlet.control(Frame.Kind.READY, envelope, 0));
    }

    /** A peer that is ready for a message which this rank did not send in the whole operation expects what will never come. */
    void operationEnded(int group, long operation) {
        ready.removeIf(key -> {
            boolean leftOver = key.group() == group && key.operation() == operation;
            if (leftOver) {
                troubles.report(
                        this,
                        Cause.DISAGREEMENT,
                        "expects a message in operation %d of group %d (hop %d, tag %d) that rank %d did not send"
                                .formatted(operation, group, key.hop(), key.tag(), self));
            }
            return leftOver;
        });
    }

    /** Reports the peer if something is under way with it that can no longer be completed. */
    void check() {
        if (left) {
            reportIfNeeded(Cause.DISAGREEMENT, "left the job while rank %d still waited for it".formatted(self));
        } else if (streamLost == Cause.DIED) {
            reportIfNeeded(Cause.DIED, "ended without a goodbye to rank %d".formatted(self));
        } else if (streamLost != null || outlet.contact() == Outlet.Contact.LOST) {
            reportIfNeeded(Cause.SILENT, "was not heard by rank %d over Aeron for too long".formatted(self));
        } else if (outlet.nanosWithoutContact() > tuning.reach().toNanos()) {
            reportIfNeeded(
                    Cause.SILENT,
                    "cannot be reached over Aeron: rank %d has tried %s for %d ms; look for a firewall, or name another interface"
                            .formatted(
                                    self, outlet.channel().uri(), tuning.reach().toMillis()));
        }
    }

    /**
     * The stream of the peer has ended.
     *
     * @param closed whether it was closed, rather than interrupted
     */
    void streamEnded(boolean closed) {
        streamLost = closed ? Cause.DIED : Cause.SILENT;
    }

    private void reportIfNeeded(Cause cause, String detail) {
        if (underWay.stream().anyMatch(transfer -> !transfer.isDone())) {
            troubles.report(this, cause, detail);
        }
    }

    /** Announces that this rank leaves, and gives up what is under way. */
    void sayGoodbye() {
        saidGoodbye = true;
        underWay.clear();
        waiting.clear();
        outlet.abandonMessages();
        outlet.tell(Outlet.control(Frame.Kind.GOODBYE, controlEnvelope, 0));
    }

    void onGoodbye() {
        left = true;
        outlet.tell(Outlet.control(Frame.Kind.FAREWELL, controlEnvelope, 0));
    }

    void onFarewell() {
        farewell = true;
    }

    /** Whether neither rank has anything left to tell the other, or can. */
    boolean isParted() {
        boolean lost = streamLost != null || outlet.contact() == Outlet.Contact.LOST;
        return !saidGoodbye || lost || (outlet.isIdle() && (farewell || left));
    }
}
