package org.ringwood.collectives.control;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.control.Message.Accepted;
import org.ringwood.collectives.control.Message.Await;
import org.ringwood.collectives.control.Message.Challenge;
import org.ringwood.collectives.control.Message.Failed;
import org.ringwood.collectives.control.Message.Heartbeat;
import org.ringwood.collectives.control.Message.Leave;
import org.ringwood.collectives.control.Message.Publish;
import org.ringwood.collectives.control.Message.Refused;
import org.ringwood.collectives.control.Message.Value;
import org.ringwood.collectives.control.Message.Welcome;

/**
 * One rank's end of the control plane: a TCP connection to the hub in rank 0's process, kept by a thread of its own. Gives a job its
 * rendezvous and its liveness where there is no other authority.
 *
 * <p>A rank whose connection ends without a farewell has died; one that sends nothing for {@code timeouts.peer} is silent. The
 * hub decides which failure was the first and tells all. Only who knows the token is admitted; the token never travels, but
 * what is published does so in clear: for trusted networks only.
 */
public final class ControlPlane implements Rendezvous, Liveness {
    private static final int MAX_CHARACTERS = 10_000;

    /** How long a failure that is seen here waits for the hub to say which was the first. */
    private static final Duration VERDICT = Duration.ofSeconds(1);

    /**
     * Who joins what.
     *
     * @param rank of this process
     * @param size number of ranks
     * @param host name of this process's host, for errors
     * @param token secret that all ranks share
     */
    public record Member(int rank, int size, String host, String token) {
        /** @throws IllegalArgumentException if there is no such rank */
        public Member {
            if (rank < 0 || rank >= size) {
                throw new IllegalArgumentException("there is no rank %d of %d".formatted(rank, size));
            }
        }
    }

    private final Member self;
    private final Timeouts timeouts;
    private final InetSocketAddress hubAddress;
    private final Greeting greeting;
    private final Link link;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    private final Map<String, String> values = new ConcurrentHashMap<>();
    private final Set<String> asked = new HashSet<>();
    private final AtomicLong lastProgress = new AtomicLong(System.nanoTime());
    private final AtomicLong ownProgress = new AtomicLong();
    private @Nullable Hub hub;
    private long job;
    private boolean welcomed;
    private boolean left;
    private volatile @Nullable Failure verdict;
    private long progressOfAll;

    private ControlPlane(Member self, Timeouts timeouts, InetSocketAddress hubAddress, SocketChannel channel)
            throws IOException {
        this.self = self;
        this.timeouts = timeouts;
        this.hubAddress = hubAddress;
        greeting = new Greeting(new Token(self.token), self.rank, self.size, self.host);
        link = new Link(channel, self.rank, timeouts.peer(), new Ears());
    }

    /**
     * Joins a job and waits until all its ranks have.
     *
     * @param hubAddress where rank 0 listens; rank 0 listens there and nowhere else
     * @throws IOException if rank 0 cannot listen there
     * @throws GroupFailureException if a rank is missing after {@code timeouts.join}, or this one is refused
     */
    public static ControlPlane join(Member self, InetSocketAddress hubAddress, Timeouts timeouts) throws IOException {
        if (self.rank > 0) {
            return joinHub(self, hubAddress, timeouts);
        }
        Hub hub = Hub.listen(hubAddress, self.size, new Token(self.token), timeouts);
        try {
            ControlPlane plane = joinHub(self, hub.address(), timeouts);
            plane.keepUntilAllHaveLeft(hub);
            return plane;
        } catch (IOException | RuntimeException e) {
            hub.close();
            throw e;
        }
    }

    /** Joins a hub that listens, or soon will. */
    static ControlPlane joinHub(Member self, InetSocketAddress hubAddress, Timeouts timeouts) throws IOException {
        long deadline = System.nanoTime() + timeouts.join().toNanos();
        SocketChannel channel = new Dialling(hubAddress, self.rank, timeouts.join()).connect(deadline);
        ControlPlane plane = new ControlPlane(self, timeouts, hubAddress, channel);
        plane.link.start();
        // The hub names who is missing; it may have begun to wait later than this rank.
        Duration patience = timeouts.join().plus(timeouts.peer());
        if (!plane.await(() -> plane.welcomed, patience)) {
            plane.conclude(plane.ofHub(Cause.SILENT, "did not complete the group within " + Pulse.seconds(patience)));
        }
        Failure failure = plane.verdict;
        if (failure != null) {
            plane.close();
            throw new GroupFailureException(failure, "rank %d joined the group".formatted(self.rank));
        }
        return plane;
    }

    /** The address by which this rank reaches rank 0. */
    public InetAddress localAddress() {
        return link.localAddress();
    }

    /** This rank has the hub. */
    void keepUntilAllHaveLeft(Hub own) {
        hub = own;
    }

    /** Random number that the hub gave to this job. */
    public long job() {
        lock.lock();
        try {
            return job;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void publish(String key, String value) {
        if (key.length() > MAX_CHARACTERS || value.length() > MAX_CHARACTERS) {
            throw new IllegalArgumentException("a rendezvous is for short strings, not for %d characters"
                    .formatted(key.length() + value.length()));
        }
        link.send(new Publish(key, value));
    }

    @Override
    public String await(String key, Duration timeout) {
        lock.lock();
        try {
            if (asked.add(key)) {
                link.send(new Await(key));
            }
        } finally {
            lock.unlock();
        }
        if (!await(() -> values.containsKey(key), timeout)) {
            report(new Failure(
                    Rendezvous.owner(key),
                    "?",
                    0,
                    Cause.SILENT,
                    "did not publish '%s' within %s".formatted(key, Pulse.seconds(timeout))));
        }
        Failure failure = verdict;
        String value = values.get(key);
        if (failure != null || value == null) {
            throw new GroupFailureException(
                    Objects.requireNonNull(failure), "rank %d waited for '%s'".formatted(self.rank, key));
        }
        return value;
    }

    @Override
    public @Nullable Failure failure() {
        return verdict;
    }

    /** Returns once the hub has said which failure was the first, within a second; this one counts if it does not. */
    @Override
    public void report(Failure failure) {
        if (verdict != null) {
            return;
        }
        link.send(new Failed(failure));
        await(() -> false, VERDICT);
        conclude(failure);
    }

    @Override
    public void progressed() {
        lastProgress.set(System.nanoTime());
        ownProgress.incrementAndGet();
    }

    @Override
    public long lastProgressNanos() {
        return lastProgress.get();
    }

    /** Leaves in order. The process of rank 0 then lives on until all have left or the group has failed, unless it is made to exit. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (left) {
                return;
            }
            left = true;
        } finally {
            lock.unlock();
        }
        link.close();
        if (hub != null) {
            hub.retire();
        }
    }

    /** Waits for something that the link brings, or a failure; false if neither came in time. */
    private boolean await(BooleanSupplier condition, Duration timeout) {
        long remaining = timeout.toNanos();
        lock.lock();
        try {
            while (verdict == null && !condition.getAsBoolean()) {
                if (remaining <= 0) {
                    return false;
                }
                remaining = news.awaitNanos(remaining);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            conclude(new Failure(
                    self.rank, self.host, ProcessHandle.current().pid(), Cause.CANCELLED, "was interrupted"));
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void conclude(Failure failure) {
        change(() -> {
            if (verdict == null) {
                verdict = failure;
            }
        });
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean hasLeft() {
        lock.lock();
        try {
            return left;
        } finally {
            lock.unlock();
        }
    }

    private Failure ofHub(Cause cause, String detail) {
        return new Failure(0, hubAddress.getHostString(), 0, cause, detail);
    }

    /** What the link's thread does with what it hears. */
    private final class Ears implements Link.Owner {
        private boolean accepted;
        private boolean hubLeft;

        @Override
        public void take(Message message) throws ProtocolException {
            switch (message) {
                case Challenge challenge when !accepted -> link.send(greeting.answer(challenge));
                case Accepted proof -> {
                    greeting.check(proof);
                    accepted = true;
                    link.accepted();
                }
                case Refused(String reason) ->
                    conclude(new Failure(
                            self.rank,
                            self.host,
                            ProcessHandle.current().pid(),
                            Cause.DISAGREEMENT,
                            "was refused by rank 0 at %s: %s".formatted(hubAddress, reason)));
                case Message word when accepted -> takeFromHub(word);
                default -> throw new ProtocolException(message + " before it has proven itself");
            }
        }

        private void takeFromHub(Message message) throws ProtocolException {
            switch (message) {
                case Welcome(long nonce) ->
                    change(() -> {
                        job = nonce;
                        welcomed = true;
                    });
                case Heartbeat(long progress) -> hearProgress(progress);
                case Value(String key, String value) -> change(() -> values.put(key, value));
                case Failed(Failure first) -> conclude(first);
                case Leave() -> hubLeft = true;
                default -> throw new ProtocolException("an unexpected " + message);
            }
        }

        private void hearProgress(long progress) {
            if (progress != progressOfAll) {
                progressOfAll = progress;
                lastProgress.set(System.nanoTime());
            }
        }

        @Override
        public void silent() {
            conclude(ofHub(Cause.SILENT, Pulse.silence(timeouts.peer())));
        }

        @Override
        public void lost(IOException how) {
            if (!hubLeft && !hasLeft()) {
                conclude(
                        how instanceof ProtocolException
                                ? ofHub(Cause.ERROR, "sent " + how.getMessage())
                                : ofHub(Cause.DIED, "ended without leaving: " + how.getMessage()));
            }
        }

        @Override
        public long progress() {
            return ownProgress.get();
        }
    }
}
