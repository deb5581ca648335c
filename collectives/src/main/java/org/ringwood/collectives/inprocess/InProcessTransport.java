package org.ringwood.collectives.inprocess;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.transport.Connection;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Inbox;
import org.ringwood.collectives.transport.Transport;

/**
 * Ranks are threads of one JVM. A message is a reference to the sender's memory: the receiver copies it or reads it in place,
 * and the send is done when it has copied or released it. All ordinary memory is reachable by every rank, so there is no
 * special memory to allocate; only memory that is confined to the sender's thread is copied on sending.
 */
public final class InProcessTransport implements Transport {
    /** A thread that owns no memory: what it may touch, every thread may. */
    private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

    private final List<InProcessTransport> ranks;
    private final Inbox<Receipt, Message> inbox;
    private final Queue<Message> arrivals = new ConcurrentLinkedQueue<>();
    private final Deque<Message> sent = new ArrayDeque<>();
    private final Set<Loan> loans = new LinkedHashSet<>();
    private volatile boolean withdrawn;
    private volatile boolean signalled;
    private volatile @Nullable Thread parked;

    private InProcessTransport(List<InProcessTransport> ranks, Liveness liveness) {
        this.ranks = ranks;
        this.inbox = new Inbox<>(liveness);
    }

    /** The connected transports of {@code size} ranks, in rank order, that report to {@code liveness}. */
    public static List<Transport> connect(int size, Liveness liveness) {
        List<InProcessTransport> ranks = new ArrayList<>(size);
        for (int rank = 0; rank < size; rank++) {
            ranks.add(new InProcessTransport(ranks, liveness));
        }
        return List.copyOf(ranks);
    }

    /** What the ranks are connected by, in rank order, as often as all of them ask for it. */
    public static List<Connection> connections(int size, Liveness liveness) {
        Map<String, Meeting> byChapter = new ConcurrentHashMap<>();
        return IntStream.range(0, size)
                .<Connection>mapToObj(rank -> (_, chapter) -> {
                    Meeting meeting = byChapter.computeIfAbsent(
                            chapter, _ -> new Meeting(connect(size, liveness), new AtomicInteger(size)));
                    if (meeting.missing().decrementAndGet() == 0) {
                        byChapter.remove(chapter);
                    }
                    return meeting.transports().get(rank);
                })
                .toList();
    }

    /** The transports of a chapter, until all ranks have theirs. */
    private record Meeting(List<Transport> transports, AtomicInteger missing) {}

    @Override
    public String name() {
        return "inprocess";
    }

    @Override
    public Transfer send(Envelope envelope, MemorySegment payload) {
        Message message = new Message(envelope, reachable(payload), this);
        InProcessTransport receiver = ranks.get(envelope.destination());
        while (!sent.isEmpty() && sent.getFirst().isDone()) {
            sent.removeFirst();
        }
        sent.add(message);
        receiver.arrivals.add(message);
        receiver.signal();
        return message;
    }

    private static MemorySegment reachable(MemorySegment payload) {
        if (payload.isAccessibleBy(STRANGER)) {
            return payload.asReadOnly();
        }
        MemorySegment copy = Arena.ofAuto().allocate(payload.byteSize());
        return copy.copyFrom(payload).asReadOnly();
    }

    @Override
    public Transfer receive(Envelope envelope, MemorySegment into) {
        return post(envelope, new Copy(into));
    }

    @Override
    public BorrowedTransfer borrow(Envelope envelope) {
        return post(envelope, new Loan());
    }

    private <R extends Receipt> R post(Envelope envelope, R receipt) {
        Message message = inbox.post(envelope, receipt);
        if (message != null) {
            receipt.accept(message);
        }
        return receipt;
    }

    @Override
    public boolean progress() {
        if (withdrawn) {
            return false;
        }
        signalled = false;
        boolean moved = false;
        for (Message message = arrivals.poll(); message != null; message = arrivals.poll()) {
            moved = true;
            Receipt receipt = inbox.arrive(message.envelope, message);
            if (receipt != null) {
                receipt.accept(message);
            }
        }
        return moved;
    }

    @Override
    public void park(long nanos) {
        parked = Thread.currentThread();
        if (!signalled) {
            LockSupport.parkNanos(this, nanos);
        }
        parked = null;
    }

    /** Lets the owner's next or present {@link #park} return. Called by other ranks' threads. */
    private void signal() {
        signalled = true;
        LockSupport.unpark(parked);
    }

    @Override
    public void operationBegan(int group, long operation, String name) {
        inbox.operationBegan(group, operation, name);
    }

    @Override
    public void operationEnded(int group, long operation) {
        inbox.operationEnded(group, operation);
    }

    @Override
    public @Nullable GroupMemory allocate(long bytes) {
        return null;
    }

    @Override
    public boolean withdraw() {
        withdrawn = true;
        signalled = false;
        sent.removeIf(message -> !message.isRead());
        loans.removeIf(this::giveBack);
        return !sent.isEmpty();
    }

    /** Returns whether the payload was given back: not while a peer reads it that it was sent on to. */
    private boolean giveBack(Loan loan) {
        if (sent.stream().anyMatch(loan::covers)) {
            return false;
        }
        loan.held().finish();
        return true;
    }

    @Override
    public void close() {
        arrivals.clear();
    }

    /**
     * A message on its way, and the sender's view of it: done once the receiver has copied or released the payload. Whether it is
     * read or taken back is settled between two threads of which each first writes its own flag and then reads the other's.
     */
    private static final class Message implements Transfer {
        private final Envelope envelope;
        private final MemorySegment payload;
        private final InProcessTransport sender;
        private volatile boolean claimed;
        private volatile boolean done;

        Message(Envelope envelope, MemorySegment payload, InProcessTransport sender) {
            this.envelope = envelope;
            this.payload = payload;
            this.sender = sender;
        }

        /** Returns whether the receiver may read the payload: not if the sender has withdrawn. */
        boolean claim() {
            claimed = true;
            if (sender.withdrawn) {
                claimed = false;
                sender.signal();
            }
            return claimed;
        }

        /** Whether the receiver reads the payload. */
        boolean isRead() {
            return claimed && !done;
        }

        void finish() {
            done = true;
            sender.signal();
        }

        @Override
        public boolean isDone() {
            return done;
        }
    }

    /** A posted receive; only the receiver's thread touches it. */
    private interface Receipt extends Transfer {
        void accept(Message message);
    }

    private static final class Copy implements Receipt {
        private final MemorySegment into;
        private boolean done;

        Copy(MemorySegment into) {
            this.into = into;
        }

        @Override
        public void accept(Message message) {
            if (message.claim()) {
                into.copyFrom(message.payload);
                done = true;
                message.finish();
            }
        }

        @Override
        public boolean isDone() {
            return done;
        }
    }

    private final class Loan implements Receipt, BorrowedTransfer {
        private @Nullable Message message;
        private boolean released;

        @Override
        public void accept(Message arrived) {
            if (arrived.claim()) {
                message = arrived;
                loans.add(this);
            }
        }

        /** Whether a message was sent on from the payload. */
        boolean covers(Message other) {
            return payload().asOverlappingSlice(other.payload).isPresent();
        }

        @Override
        public boolean isDone() {
            return message != null;
        }

        @Override
        public MemorySegment payload() {
            return held().payload;
        }

        @Override
        public void release() {
            Message held = held();
            released = true;
            loans.remove(this);
            held.finish();
        }

        private Message held() {
            if (message == null || released) {
                throw new IllegalStateException(
                        released ? "the payload was released already" : "the payload has not arrived yet");
            }
            return message;
        }
    }
}
