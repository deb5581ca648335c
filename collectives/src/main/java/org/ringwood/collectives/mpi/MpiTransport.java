package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.mpi.MpiLibrary.Communicator;
import org.ringwood.collectives.mpi.MpiPeer.Mark;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Inbox;
import org.ringwood.collectives.transport.LentCopy;
import org.ringwood.collectives.transport.Transport;

/**
 * Ranks are processes that Open MPI's mpirun, or a launcher that speaks its PMIx, has started. Envelopes travel as control messages;
 * a small payload goes within, a large one is sent from where it lies straight to where it belongs, once its receiver has asked for
 * it. No call waits: a dead or silent peer is found by the job's liveness, as on every transport.
 *
 * <p>MPI cannot take back a message that it has begun to move. After a failure the ranks that are alive therefore finish what they have
 * begun with each other, within the peer timeout, and this rank then calls MPI no more: so the memory of what could not be finished is
 * touched by nobody but network hardware, which a stopped peer may have asked to write. A receiver whose message took so long that its
 * sender may have given up asks that sender whether it was whole.
 */
public final class MpiTransport implements Transport {
    private static final int DATA_TAG = 1;
    private static final long FAREWELL_PARK_NANOS = 100_000;

    /** Peers that compute look at their messages later, or when MPI ends. */
    private static final Duration LONGEST_FAREWELL = Duration.ofSeconds(1);

    private static final Transfer SENT = () -> true;

    /** MPI may write to their memory until the process ends, so it must stay. */
    private static final Set<MpiTransport> ABANDONED = ConcurrentHashMap.newKeySet();

    private final MpiConfig config;
    private final MpiProcess process;
    private final Communicator communicator;
    private final boolean takesDeviceMemory;
    private final ControlLine line;
    private final Landings landings = new Landings();
    private final Map<Integer, MpiPeer> peers = new TreeMap<>();
    private final Inbox<Landing, Arrival> inbox;
    private boolean withdrawn;
    private boolean closed;

    MpiTransport(MpiConfig config, MpiProcess process, Communicator communicator, boolean takesDeviceMemory) {
        this.config = config;
        this.takesDeviceMemory = takesDeviceMemory;
        this.process = process;
        this.communicator = communicator;
        line = new ControlLine(communicator);
        inbox = new Inbox<>(config.liveness());
        config.peers().forEach(rank -> peers.put(rank, new MpiPeer(rank)));
    }

    /**
     * Starts MPI, unless the host program has, and connects to the other ranks, which all call it.
     *
     * @throws IllegalArgumentException if there is no Open MPI here, or it was not started for all ranks
     * @throws org.ringwood.collectives.GroupFailureException if a rank does not come in time
     */
    public static MpiTransport connect(MpiConfig config) {
        return MpiMeeting.of(config).connect();
    }

    @Override
    public String name() {
        return "mpi";
    }

    @Override
    public boolean takesDeviceMemory() {
        return takesDeviceMemory;
    }

    @Override
    public Transfer send(Envelope envelope, MemorySegment payload) {
        try {
            return begin(envelope, payload);
        } catch (MpiException broken) {
            throw broken.reason(config);
        }
    }

    private Transfer begin(Envelope envelope, MemorySegment payload) {
        MpiPeer peer = peer(envelope.destination());
        // Nobody but MPI can put memory of a device into a control message.
        if (Control.holds(envelope) && !CudaAwareness.isOnDevice(payload)) {
            tell(peer, new Control(Control.Kind.WHOLE, envelope, payload));
            return SENT;
        }
        Outgoing message = peer.track(new Outgoing(envelope, payload));
        if (peer.takeRequest(envelope)) {
            depart(peer, message);
        } else {
            peer.announce(message);
            tell(peer, Control.of(Control.Kind.ANNOUNCE, envelope));
        }
        return message;
    }

    private MpiPeer peer(int rank) {
        MpiPeer peer = peers.get(rank);
        if (peer == null || closed) {
            throw new IllegalStateException(
                    "rank %d has no peer %d over MPI%s".formatted(config.rank(), rank, closed ? " any more" : ""));
        }
        return peer;
    }

    private void tell(MpiPeer peer, Control control) {
        peer.mark(Mark.CONTACT);
        line.tell(control);
    }

    private void depart(MpiPeer peer, Outgoing message) {
        tell(peer, Control.of(Control.Kind.DATA, message.envelope()));
        MemorySegment memory = message.memory(landings);
        peer.fly(new Flight(
                memory,
                config.chunkBytes(),
                part -> communicator.send(part, peer.rank(), DATA_TAG),
                () -> message.sent(memory, landings)));
    }

    @Override
    public Transfer receive(Envelope envelope, MemorySegment into) {
        Landing landing = Landing.into(into, envelope, landings);
        post(landing);
        return landing;
    }

    @Override
    public BorrowedTransfer borrow(Envelope envelope) {
        Landing landing = Landing.lent(envelope, landings);
        post(landing);
        return new LentCopy(landing, landing::memory, () -> landings.giveBack(landing.memory()));
    }

    private void post(Landing landing) {
        try {
            begin(landing);
        } catch (MpiException broken) {
            throw broken.reason(config);
        }
    }

    private void begin(Landing landing) {
        Envelope envelope = landing.envelope();
        MpiPeer source = peer(envelope.source());
        source.track(landing);
        switch (inbox.post(envelope, landing)) {
            case null -> {
                if (!Control.holds(envelope)) {
                    ask(source, landing);
                }
            }
            case Arrival.Whole whole -> take(source, landing, whole.payload());
            case Arrival.Announcement announced -> {
                source.expect(landing);
                ask(source, landing);
            }
        }
    }

    private void take(MpiPeer source, Landing landing, MemorySegment payload) {
        if (landing.isOnDevice()) {
            ferry(source, landing, payload);
        } else {
            landing.take(payload);
        }
    }

    /** Only MPI reaches a device's memory: it gets what the host has by a message from this rank to itself. */
    private void ferry(MpiPeer source, Landing landing, MemorySegment payload) {
        MemorySegment here = landings.take(payload.byteSize()).copyFrom(payload);
        int self = config.rank();
        long chunk = config.chunkBytes();
        source.fly(new Flight(
                landing.memory(), chunk, part -> communicator.receive(part, self, DATA_TAG), landing::landed));
        source.fly(new Flight(
                here, chunk, part -> communicator.send(part, self, DATA_TAG), () -> landings.giveBack(here)));
    }

    private void ask(MpiPeer source, Landing landing) {
        source.invite(landing.envelope());
        tell(source, Control.of(Control.Kind.READY, landing.envelope()));
    }

    @Override
    public boolean progress() {
        try {
            return !closed && !withdrawn && drive();
        } catch (MpiException broken) {
            throw broken.reason(config);
        }
    }

    private boolean drive() {
        boolean moved = line.poll(this::hear);
        for (MpiPeer peer : peers.values()) {
            moved |= peer.poll();
            // It leaves as soon as it has handed over what it sent, which may still be coming in.
            if (peer.has(Mark.LEFT) && !peer.isFlying() && peer.isNeeded() && !withdrawn) {
                report(
                        peer,
                        Cause.DISAGREEMENT,
                        "left the job while rank %d still waited for it".formatted(config.rank()));
            }
        }
        line.flush();
        return moved;
    }

    private void hear(MemorySegment message) {
        Control control = Control.read(message);
        // A communicator's number may be given anew, and what was left of an old one then comes here.
        if (control == null || control.envelope().job() != config.job().nonce() || control.to() != config.rank()) {
            return;
        }
        MpiPeer from = peer(control.from());
        from.mark(Mark.CONTACT);
        Envelope envelope = control.envelope();
        switch (control.kind()) {
            case DATA -> onData(from, envelope);
            case WITHDRAWN -> from.mark(Mark.WITHDRAWN);
            case GOODBYE -> onGoodbye(from);
            case FAREWELL -> from.mark(Mark.FAREWELL);
            case WHOLE, ANNOUNCE, READY, CONFIRM, CONFIRMED -> {
                if (!withdrawn) {
                    onMessage(from, control);
                }
            }
        }
    }

    private void onMessage(MpiPeer from, Control control) {
        Envelope envelope = control.envelope();
        switch (control.kind()) {
            case WHOLE -> onWhole(from, envelope, control.payload());
            case ANNOUNCE -> {
                // If its receive is posted, it was asked for then, unless it is so small that it mostly comes unasked.
                Landing posted = inbox.arrive(envelope, Arrival.Announcement.ANNOUNCED);
                if (posted != null) {
                    from.expect(posted);
                    if (Control.holds(envelope)) {
                        ask(from, posted);
                    }
                }
            }
            case READY -> {
                Outgoing asked = from.ask(envelope);
                if (asked != null) {
                    depart(from, asked);
                }
            }
            case CONFIRM -> tell(from, Control.of(Control.Kind.CONFIRMED, envelope));
            default -> from.confirm(envelope);
        }
    }

    private void onWhole(MpiPeer from, Envelope envelope, MemorySegment payload) {
        Arrival.Whole whole = new Arrival.Whole(payload);
        Landing posted = inbox.arrive(envelope, whole);
        if (posted == null) {
            whole.keep();
        } else {
            take(from, posted, payload);
        }
    }

    /** Also once this rank has withdrawn: what it has asked for comes, and its sender waits until it has come. */
    private void onData(MpiPeer from, Envelope envelope) {
        Landing expected = from.takeExpected(envelope);
        Landing landing = expected == null ? inbox.arrive(envelope, Arrival.Announcement.ANNOUNCED) : expected;
        if (!from.takeInvitation(envelope) || landing == null) {
            report(from, Cause.ERROR, "sent rank %d what it had not asked for: %s".formatted(config.rank(), envelope));
            return;
        }
        from.fly(new Flight(
                landing.memory(),
                config.chunkBytes(),
                part -> communicator.receive(part, from.rank(), DATA_TAG),
                () -> onLanded(from, landing)));
    }

    /** A sender that had withdrawn, and so might have changed the payload on its way, had waited for longer than half the peer timeout. */
    private void onLanded(MpiPeer from, Landing landing) {
        if (landing.nanosSinceAsked() < config.job().timeouts().peer().toNanos() / 2 || from.has(Mark.LEFT)) {
            landing.landed();
        } else if (!withdrawn) {
            from.unconfirmed(landing);
            tell(from, Control.of(Control.Kind.CONFIRM, landing.envelope()));
        }
    }

    private void onGoodbye(MpiPeer from) {
        from.mark(Mark.LEFT);
        from.confirmAll();
        tell(from, about(Control.Kind.FAREWELL, from));
    }

    /** A control message that is about this rank, and no message. */
    private Control about(Control.Kind kind, MpiPeer to) {
        long job = config.job().nonce();
        int epoch = config.job().epoch();
        return Control.of(kind, new Envelope(job, 0, epoch, config.rank(), to.rank(), 0, 0, 0, 0, 0));
    }

    @Override
    public void operationBegan(int group, long operation, String name) {
        inbox.operationBegan(group, operation, name);
    }

    @Override
    public void operationEnded(int group, long operation) {
        inbox.operationEnded(group, operation);
        for (MpiPeer peer : peers.values()) {
            for (Envelope.Key key : peer.takeUnanswered(group, operation)) {
                report(
                        peer,
                        Cause.DISAGREEMENT,
                        "expects a message in operation %d of group %d (hop %d, tag %d) that rank %d did not send"
                                .formatted(operation, group, key.hop(), key.tag(), config.rank()));
            }
        }
    }

    private void report(MpiPeer culprit, Cause cause, String detail) {
        config.liveness().report(new Failure(culprit.rank(), "?", 0, cause, detail));
    }

    @Override
    public @Nullable GroupMemory allocate(long bytes) {
        return null;
    }

    /** Here: whether MPI may still read or write memory of this rank for a peer that is alive. */
    @Override
    public boolean withdraw() {
        if (closed) {
            return false;
        }
        if (!withdrawn) {
            withdrawn = true;
            for (MpiPeer peer : peers.values()) {
                peer.withdraw();
                // Open MPI would try to connect anew to one that is gone, and end this process.
                if (peer.has(Mark.CONTACT) && !isLost(peer)) {
                    tell(peer, about(Control.Kind.WITHDRAWN, peer));
                }
            }
        }
        drive();
        return peers.values().stream().anyMatch(peer -> !isSettled(peer) && !isLost(peer));
    }

    /** Whether MPI touches no memory for it, and it knows all that it was told. */
    private boolean isSettled(MpiPeer peer) {
        return !peer.isUnderWay() && line.isFlushed(peer.rank());
    }

    /** Whether the failure says that nobody is there who could finish what was begun. */
    private boolean isLost(MpiPeer peer) {
        Failure failure = config.liveness().failure();
        return failure != null && failure.rank() == peer.rank() && MpiProcess.isLoss(failure);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        boolean orderly = false;
        try {
            orderly = config.liveness().failure() == null && part() && line.close();
        } finally {
            closed = true;
            leave(orderly);
        }
    }

    private void leave(boolean orderly) {
        try {
            if (orderly) {
                landings.close();
                communicator.free();
            } else {
                ABANDONED.add(this);
            }
        } finally {
            process.leave(config.liveness().failure());
        }
    }

    /** Leaves in order; returns whether all that there was contact with know it, and nothing of them is still to come. */
    private boolean part() {
        for (MpiPeer peer : peers.values()) {
            if (peer.has(Mark.CONTACT) && !peer.has(Mark.LEFT)) {
                peer.mark(Mark.GOODBYE_SAID);
                tell(peer, about(Control.Kind.GOODBYE, peer));
            }
        }
        long began = System.nanoTime();
        while (!isParted()) {
            if (config.liveness().failure() != null || System.nanoTime() - began > LONGEST_FAREWELL.toNanos()) {
                return false;
            }
            if (!drive()) {
                LockSupport.parkNanos(this, FAREWELL_PARK_NANOS);
            }
        }
        return true;
    }

    private boolean isParted() {
        return peers.values().stream()
                .allMatch(peer -> isSettled(peer) && (peer.has(Mark.FAREWELL) || !peer.has(Mark.GOODBYE_SAID)));
    }
}
