package org.ringwood.collectives.shm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.shm.Signal.Announce;
import org.ringwood.collectives.shm.Signal.Free;
import org.ringwood.collectives.shm.Signal.Goodbye;
import org.ringwood.collectives.shm.Signal.Handle;
import org.ringwood.collectives.shm.Signal.Inline;
import org.ringwood.collectives.shm.Signal.Mapped;
import org.ringwood.collectives.shm.Signal.Offer;
import org.ringwood.collectives.shm.Signal.Piece;
import org.ringwood.collectives.shm.Signal.PieceTaken;
import org.ringwood.collectives.shm.Signal.Release;
import org.ringwood.collectives.shm.Signal.Want;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Inbox;
import org.ringwood.collectives.transport.Transport;

/**
 * Ranks are processes of one host. What {@link #allocate} gives is mapped by all of them, so that a payload in it, also one that is
 * borrowed from another rank, travels as a handle and is copied once by the receiver or read in place. Payloads elsewhere are
 * copied through shared memory in pieces, small ones inside the signals.
 *
 * <p>Files are made for their owner alone (mode 0600), lose their names as soon as all peers have mapped them, and carry the
 * process in their names, so that {@link org.ringwood.collectives.files.StaleFiles} finds what a killed process left.
 */
public final class ShmTransport implements Transport {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final String MAILBOX = "shm-mailbox";
    private static final String MAPPED = "shm-mapped";
    private static final long FAREWELL_PARK_NANOS = 100_000;
    private static final Transfer SENT = () -> true;

    private final Site site;
    private final Job job;
    private final Liveness liveness;
    private final Mailbox mailbox;
    private final Peers peers = new Peers();
    private final Regions regions;
    private final Intake intake;
    private final Outflow outflow;
    private final Inbox<Receipt, Arrival> inbox;
    private final Map<Long, Sent> sent = new HashMap<>();
    private final List<Handle> early = new ArrayList<>();
    private long nextTicket;
    private boolean withdrawn;
    private boolean closed;

    private ShmTransport(Site site, Job job, Liveness liveness) {
        this.site = site;
        this.job = job;
        this.liveness = liveness;
        mailbox = Mailbox.create(site.directory(), site.fileName("mailbox"), site.job(), site.rank());
        regions = new Regions(site, peers);
        intake = new Intake(peers, new Landings(regions));
        outflow = new Outflow(site.rank(), peers, regions);
        inbox = new Inbox<>(liveness);
    }

    /**
     * Meets the other ranks of this rank's node and returns once all have mapped each other's mailboxes.
     *
     * @throws GroupFailureException if one does not come within {@code timeouts.join}, or cannot be reached
     */
    public static ShmTransport connect(Job job, int rank, Rendezvous rendezvous, Liveness liveness) {
        return connect(SHARED_MEMORY, job, rank, rendezvous, liveness);
    }

    static ShmTransport connect(Path directory, Job job, int rank, Rendezvous rendezvous, Liveness liveness) {
        Site site = new Site(directory, job.nonce(), rank);
        try {
            site.sweep();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read %s; shm needs it".formatted(directory), e);
        }
        ShmTransport transport = new ShmTransport(site, job, liveness);
        try {
            transport.meetPeers(rendezvous);
            return transport;
        } catch (RuntimeException e) {
            transport.close();
            throw e;
        }
    }

    private void meetPeers(Rendezvous rendezvous) {
        int[] local = IntStream.range(0, job.size())
                .filter(rank -> rank != site.rank() && job.topology().sameNode(rank, site.rank()))
                .toArray();
        rendezvous.publish(Rendezvous.key(MAILBOX, site.rank()), mailbox.fileName());
        for (int peer : local) {
            String file = rendezvous.await(
                    Rendezvous.key(MAILBOX, peer), job.timeouts().join());
            peers.add(peer, open(file, peer));
        }
        rendezvous.publish(Rendezvous.key(MAPPED, site.rank()), "");
        for (int peer : local) {
            rendezvous.await(Rendezvous.key(MAPPED, peer), job.timeouts().join());
        }
        mailbox.unlink();
    }

    private Mailbox open(String file, int peer) {
        try {
            return Mailbox.open(site.directory().resolve(file), site.job(), peer);
        } catch (IOException e) {
            String detail = "cannot open the shared memory of rank %d (%s); ranks of one node need one user and one %s"
                    .formatted(peer, e.getMessage(), site.directory());
            Failure failure = failureOfOwn(detail);
            liveness.report(failure);
            throw new GroupFailureException(failure, "rank %d met its peers".formatted(site.rank()));
        }
    }

    private Failure failureOfOwn(String detail) {
        String host = job.topology().nodes().get(site.rank());
        return new Failure(site.rank(), host, ProcessHandle.current().pid(), Cause.ERROR, detail);
    }

    @Override
    public String name() {
        return "shm";
    }

    @Override
    public GroupMemory allocate(long bytes) {
        requireOpen();
        return regions.allocate(bytes);
    }

    @Override
    public Transfer send(Envelope envelope, MemorySegment payload) {
        requireOpen();
        if (payload.byteSize() <= SignalCodec.MAX_INLINE) {
            peers.tell(envelope.destination(), new Inline(envelope, payload));
            return SENT;
        }
        long ticket = nextTicket++;
        Region region = regions.containing(payload);
        return region == null
                ? outflow.offer(envelope, ticket, payload)
                : sendHandle(envelope, ticket, region, payload);
    }

    private Transfer sendHandle(Envelope envelope, long ticket, Region region, MemorySegment payload) {
        Sent message = new Sent(regions.holdOf(region, payload));
        sent.put(ticket, message);
        peers.tell(
                envelope.destination(),
                new Handle(envelope, ticket, region.owner(), region.id(), region.offsetOf(payload)));
        return message;
    }

    @Override
    public Transfer receive(Envelope envelope, MemorySegment into) {
        return post(envelope, new Receipt.Copy(into, intake));
    }

    @Override
    public BorrowedTransfer borrow(Envelope envelope) {
        return post(envelope, new Loan(envelope.bytes(), intake));
    }

    private <R extends Receipt> R post(Envelope envelope, R receipt) {
        Arrival arrival = inbox.post(envelope, receipt);
        if (arrival != null) {
            receipt.accept(arrival);
        }
        return receipt;
    }

    @Override
    public boolean progress() {
        if (closed || withdrawn) {
            return false;
        }
        boolean heard = mailbox.read(this::hear);
        boolean copied = outflow.progress();
        boolean told = peers.flush();
        return heard || copied || told;
    }

    private void hear(Signal signal) {
        switch (signal) {
            case Inline(Envelope envelope, MemorySegment payload) -> {
                Arrival.Whole whole = new Arrival.Whole(payload);
                if (!arrive(envelope, whole)) {
                    whole.keep();
                }
            }
            case Handle handle -> locate(handle);
            case Offer(Envelope envelope, long ticket) ->
                arrive(envelope, new Arrival.Offered(envelope.source(), ticket));
            case Want(long ticket) -> outflow.want(ticket);
            case Piece piece -> intake.take(piece, bytesOf(piece));
            case PieceTaken taken -> outflow.taken(taken);
            case Release(long ticket) -> released(ticket);
            case Announce announce -> map(announce);
            case Mapped mapped -> regions.mapped(mapped);
            case Free free -> regions.freed(free);
            case Goodbye(int rank) -> {
                peers.left(rank);
                regions.left(rank);
            }
        }
    }

    /** Whether a receive waited for the message. */
    private boolean arrive(Envelope envelope, Arrival arrival) {
        Receipt receipt = inbox.arrive(envelope, arrival);
        if (receipt != null) {
            receipt.accept(arrival);
        }
        return receipt != null;
    }

    /** A handle that was forwarded may overtake its owner's announcement: it waits for that. */
    private void locate(Handle handle) {
        Region region = regions.find(handle.owner(), handle.region());
        if (region == null) {
            early.add(handle);
            return;
        }
        Envelope envelope = handle.envelope();
        MemorySegment payload = region.memory().asSlice(handle.offset(), envelope.bytes());
        arrive(envelope, new Arrival.Located(envelope.source(), handle.ticket(), region, payload));
    }

    private MemorySegment bytesOf(Piece piece) {
        Region region = regions.find(piece.sender(), piece.region());
        if (region == null) {
            throw new IllegalStateException("rank %d sent a piece of an unknown region".formatted(piece.sender()));
        }
        return region.memory().asSlice(piece.offset(), piece.length());
    }

    private void released(long ticket) {
        Sent message = sent.remove(ticket);
        if (message == null) {
            throw new IllegalStateException(
                    "a rank of this host released message " + ticket + ", which is not under way");
        }
        message.read();
    }

    private void map(Announce announce) {
        try {
            regions.announced(announce);
        } catch (IOException e) {
            liveness.report(
                    failureOfOwn("cannot map memory of rank %d: %s".formatted(announce.owner(), e.getMessage())));
            return;
        }
        List<Handle> located = early.stream()
                .filter(handle -> handle.owner() == announce.owner() && handle.region() == announce.region())
                .toList();
        early.removeAll(located);
        located.forEach(this::locate);
    }

    @Override
    public void operationBegan(int group, long operation, String name) {
        inbox.operationBegan(group, operation, name);
    }

    @Override
    public void operationEnded(int group, long operation) {
        inbox.operationEnded(group, operation);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the shared memory of rank %d is closed".formatted(site.rank()));
        }
    }

    @Override
    public boolean withdraw() {
        if (!withdrawn && !closed) {
            withdrawn = true;
            mailbox.withdraw();
        }
        return false;
    }

    /** A failed rank may use its memory anew before its peers have heard of the failure; its mailbox tells them in time. */
    @Override
    public boolean isIntact() {
        return closed || !peers.anyWithdrawn();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        sayGoodbye();
        mailbox.unlink();
        mailbox.close();
        regions.close();
        peers.close();
        if (liveness.failure() != null) {
            removeJob();
        }
    }

    /** Messages that count as sent must still reach full mailboxes. Reads its own, so that two that leave do not wait for each other. */
    private void sayGoodbye() {
        peers.tellAll(new Goodbye(site.rank()));
        long deadline = System.nanoTime() + job.timeouts().peer().toNanos();
        while (!peers.isFlushed() && liveness.failure() == null && System.nanoTime() - deadline < 0) {
            mailbox.read(signal -> {
                if (signal instanceof Goodbye(int rank)) {
                    peers.left(rank);
                }
            });
            if (!peers.flush()) {
                LockSupport.parkNanos(this, FAREWELL_PARK_NANOS);
            }
        }
    }

    private void removeJob() {
        try {
            site.removeJob();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove the files of the failed job in " + site.directory(), e);
        }
    }

    /** A message that is read in place: done once it is released. */
    private static final class Sent implements Transfer {
        private final Hold hold;
        private boolean done;

        Sent(Hold hold) {
            this.hold = hold;
            hold.messageSent();
        }

        void read() {
            done = true;
            hold.messageRead();
        }

        @Override
        public boolean isDone() {
            return done;
        }
    }
}
