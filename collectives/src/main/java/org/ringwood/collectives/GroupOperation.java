package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Transport;

/** An operation of a {@link TransportGroup}: makes envelopes, keeps the account, and remembers what is under way. */
final class GroupOperation implements Operation {
    /** A message that may come of what was not intact is not sent; the failure that is on the way ends the wait for it. */
    private static final Transfer WITHHELD = () -> false;

    private final TransportGroup group;
    private final long number;
    private final String name;
    private final long nameDigest;
    private final TrafficLedger.Account account = new TrafficLedger.Account();
    private final List<Pending> pending = new ArrayList<>();
    private boolean closed;

    GroupOperation(TransportGroup group, long number, String name) {
        this.group = group;
        this.number = number;
        this.name = name;
        this.nameDigest = Digest.of(name);
    }

    @Override
    public Transfer send(int to, int hop, int tag, MemorySegment payload, long digest) {
        Envelope envelope = envelope(group.rank(), to, hop, tag, payload.byteSize(), digest);
        account.sent(payload.byteSize(), hop, group.topology().sameNode(group.rank(), to));
        Transport transport = group.member().transport();
        return track(true, to, hop, tag, transport.isIntact() ? group.send(to, envelope, payload) : WITHHELD);
    }

    @Override
    public Transfer receive(int from, int hop, int tag, MemorySegment into, long digest) {
        Envelope envelope = envelope(from, group.rank(), hop, tag, into.byteSize(), digest);
        account.received(hop);
        return track(false, from, hop, tag, group.receive(from, envelope, into));
    }

    @Override
    public BorrowedTransfer borrow(int from, int hop, int tag, long bytes, long digest) {
        Envelope envelope = envelope(from, group.rank(), hop, tag, bytes, digest);
        account.received(hop);
        Loan loan = new Loan(group.member().transport().borrow(envelope));
        return track(false, from, hop, tag, loan);
    }

    private Envelope envelope(int from, int to, int hop, int tag, long bytes, long digest) {
        if (closed) {
            throw new IllegalStateException(this + " is closed");
        }
        if (from == to) {
            throw new IllegalArgumentException("rank %d sends to itself in %s: copy instead".formatted(from, this));
        }
        Job job = group.member().job();
        return new Envelope(
                job.nonce(),
                group.id(),
                job.epoch(),
                group.global(from),
                group.global(to),
                number,
                hop,
                tag,
                bytes,
                Digest.with(nameDigest, digest));
    }

    private <T extends Transfer> T track(boolean send, int peer, int hop, int tag, T transfer) {
        pending.add(new Pending(send, group.global(peer), hop, tag, transfer));
        return transfer;
    }

    /** Waits for these transfers. */
    void await(List<? extends Transfer> transfers) {
        awaitDone(() -> transfers.stream().allMatch(Transfer::isDone));
    }

    private void awaitAll() {
        awaitDone(() -> {
            pending.removeIf(Pending::isDone);
            return pending.isEmpty();
        });
    }

    private void awaitDone(BooleanSupplier done) {
        group.await(new ProcessGroup.Wait() {
            @Override
            public boolean done() {
                return done.getAsBoolean() && group.member().transport().isIntact();
            }

            @Override
            public String describe() {
                return describeWaiting();
            }
        });
    }

    private String describeWaiting() {
        return pending.stream()
                .filter(message -> !message.isDone())
                .findFirst()
                .map(message -> "the " + message + " in " + this)
                .orElse(toString());
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (group.liveness().failure() == null) {
            requireReleased();
        }
        awaitAll();
        closed = true;
        group.ended(this);
    }

    private void requireReleased() {
        for (Pending message : pending) {
            if (message.transfer instanceof Loan loan && !loan.released) {
                throw new IllegalStateException(this + " was closed before the " + message + " was released");
            }
        }
    }

    long number() {
        return number;
    }

    String name() {
        return name;
    }

    TrafficLedger.Account account() {
        return account;
    }

    @Override
    public String toString() {
        return "operation %d '%s' of group %d".formatted(number, name, group.id());
    }

    private record Pending(boolean send, int peer, int hop, int tag, Transfer transfer) {
        boolean isDone() {
            return transfer instanceof Loan loan ? loan.released : transfer.isDone();
        }

        @Override
        public String toString() {
            return "message %s rank %d (hop %d, tag %d)".formatted(send ? "to" : "from", peer, hop, tag);
        }
    }

    /** Knows whether a borrowed payload was given back. */
    private static final class Loan implements BorrowedTransfer {
        private final BorrowedTransfer transfer;
        private boolean released;

        Loan(BorrowedTransfer transfer) {
            this.transfer = transfer;
        }

        @Override
        public boolean isDone() {
            return transfer.isDone();
        }

        @Override
        public MemorySegment payload() {
            return transfer.payload();
        }

        @Override
        public void release() {
            transfer.release();
            released = true;
        }
    }
}
