package org.ringwood.collectives.control;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.control.Message.Await;
import org.ringwood.collectives.control.Message.Failed;
import org.ringwood.collectives.control.Message.Heartbeat;
import org.ringwood.collectives.control.Message.Hello;
import org.ringwood.collectives.control.Message.Leave;
import org.ringwood.collectives.control.Message.Publish;
import org.ringwood.collectives.control.Message.Refused;
import org.ringwood.collectives.control.Message.Welcome;

/**
 * The centre of the control plane, in the process of rank 0: admits the ranks, keeps what they publish, hears their heartbeats, and decides
 * which failure was the first. One thread of its own does everything, so that nothing here needs a lock.
 */
final class Hub implements AutoCloseable {
    /** Connections that have not proven themselves, beyond those of the ranks that are still to come. */
    private static final int MAX_STRANGERS = 64;

    /** How long an ended job waits for the other ends to close. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final Selector selector;
    private final ServerSocketChannel server;
    private final InetSocketAddress address;
    private final Token token;
    private final Timeouts timeouts;
    private final @Nullable Peer[] ranks;
    private final List<Peer> peers = new ArrayList<>();
    private final Noticeboard noticeboard = new Noticeboard();
    private final Pulse pulse;
    private final Thread thread;
    private final long startNanos = System.nanoTime();
    private long progress;
    private long progressNanos = startNanos;
    private boolean welcomed;
    private @Nullable Failure failure;
    private final Thread exit = new Thread(this::close, "ringwood-control-hub-exit");
    private volatile boolean retiring;
    private volatile boolean closing;

    private Hub(Selector selector, ServerSocketChannel server, int size, Token token, Timeouts timeouts)
            throws IOException {
        this.selector = selector;
        this.server = server;
        this.address = (InetSocketAddress) server.getLocalAddress();
        this.token = token;
        this.timeouts = timeouts;
        this.ranks = new Peer[size];
        this.pulse = new Pulse(timeouts.peer(), startNanos);
        this.thread = Thread.ofPlatform().name("ringwood-control-hub").daemon().unstarted(this::run);
    }

    /**
     * Starts to listen, on that address only.
     *
     * @throws IOException if the address cannot be had
     */
    static Hub listen(InetSocketAddress address, int size, Token token, Timeouts timeouts) throws IOException {
        Selector selector = Selector.open();
        ServerSocketChannel server = ServerSocketChannel.open();
        try {
            server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            server.bind(address, size + MAX_STRANGERS);
            server.configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
            Hub hub = new Hub(selector, server, size, token, timeouts);
            hub.thread.start();
            return hub;
        } catch (IOException | RuntimeException e) {
            server.close();
            selector.close();
            throw new IOException(
                    "rank 0 cannot listen on %s:%d (%s); give it a free port of an address of its host"
                            .formatted(address.getHostString(), address.getPort(), e.getMessage()),
                    e);
        }
    }

    /** Where it listens. */
    InetSocketAddress address() {
        return address;
    }

    /**
     * Ends once every rank has left, or a failure was told to all. Does not wait for that, but keeps the JVM alive until then. If it
     * exits before, the hub takes leave of the others, who go on without it.
     */
    void retire() {
        try {
            Runtime.getRuntime().addShutdownHook(exit);
        } catch (IllegalStateException exiting) {
            close();
            return;
        }
        Thread.ofPlatform().name("ringwood-control-hub-stays").start(this::awaitEnd);
        retiring = true;
        selector.wakeup();
    }

    /** Ends at once, in order. */
    @Override
    public void close() {
        closing = true;
        selector.wakeup();
        awaitEnd();
    }

    /** Returns once it has ended. */
    void awaitEnd() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!isOver()) {
                round();
            }
            tellAll(new Leave());
            linger();
        } catch (IOException | RuntimeException e) {
            fail(new Failure(0, "?", 0, Cause.ERROR, "could not keep the control plane up: " + e));
        } finally {
            end();
        }
    }

    private void end() {
        peers.forEach(Peer::close);
        try (selector;
                server) {
            Runtime.getRuntime().removeShutdownHook(exit);
        } catch (IllegalStateException exiting) {
            return;
        } catch (IOException e) {
            fail(new Failure(0, "?", 0, Cause.ERROR, "could not close the control plane: " + e));
        }
    }

    private boolean isOver() {
        boolean allHaveLeft = IntStream.range(0, ranks.length).noneMatch(this::isPresent);
        return closing || (retiring && (failure != null || allHaveLeft));
    }

    private boolean isPresent(int rank) {
        Peer peer = ranks[rank];
        return peer != null && peer.isPresent();
    }

    /** Reads first and judges then: what has arrived while this process was held up counts as heard. */
    private void round() throws IOException {
        selector.select(this::ready, pulse.intervalMillis());
        long now = System.nanoTime();
        if (pulse.heldUp(now)) {
            peers.forEach(peer -> peer.heard(now));
        }
        judge(now);
        if (pulse.isDue(now)) {
            tellAll(new Heartbeat(progress));
        }
        peers.removeIf(Peer::isGone);
    }

    private void linger() throws IOException {
        long deadline = System.nanoTime() + LINGER.toNanos();
        while (!peers.isEmpty() && System.nanoTime() < deadline) {
            for (Peer peer : peers) {
                if (peer.connection().isFlushed()) {
                    peer.connection().endOutput();
                }
            }
            selector.select(this::ready, LINGER.toMillis() / 20);
            peers.removeIf(Peer::isGone);
        }
    }

    private void ready(SelectionKey key) {
        if (key.isAcceptable()) {
            accept();
            return;
        }
        Connection connection = (Connection) key.attachment();
        for (Peer peer : peers) {
            if (peer.connection() == connection) {
                serve(peer, key);
                return;
            }
        }
    }

    private void accept() {
        long strangers = peers.stream().filter(peer -> peer.hello() == null).count();
        try {
            SocketChannel channel = server.accept();
            if (channel == null) {
                return;
            }
            if (strangers >= ranks.length + MAX_STRANGERS) {
                channel.close();
                return;
            }
            Peer guest = new Peer(new Connection(channel, selector), System.nanoTime());
            peers.add(guest);
            tell(guest, guest.challenge());
        } catch (IOException e) {
            fail(new Failure(0, "?", 0, Cause.ERROR, "could not take a connection: " + e.getMessage()));
        }
    }

    private void serve(Peer peer, SelectionKey key) {
        try {
            if (key.isWritable()) {
                peer.connection().flush();
            }
            peer.connection().read(message -> take(peer, message));
        } catch (IOException e) {
            lose(peer, e);
        }
    }

    /** A guest is shown out, a rank is a loss. */
    private void lose(Peer peer, IOException how) {
        boolean present = peer.isPresent();
        peer.close();
        if (peer.hello() != null && present) {
            fail(
                    how instanceof ProtocolException
                            ? peer.failure(Cause.ERROR, "sent " + how.getMessage() + " to the control plane")
                            : peer.failure(Cause.DIED, "ended without leaving: " + how.getMessage()));
        }
    }

    private void take(Peer peer, Message message) {
        if (peer.isGone()) {
            return;
        }
        long now = System.nanoTime();
        peer.heard(now);
        if (peer.hello() == null) {
            if (message instanceof Hello hello) {
                greet(peer, hello);
            } else {
                peer.close();
            }
            return;
        }
        switch (message) {
            case Heartbeat heartbeat -> {
                if (peer.progressed(heartbeat)) {
                    progress++;
                    progressNanos = now;
                }
            }
            case Publish(String key, String value) -> publish(peer, key, value);
            case Await(String key) -> noticeboard.await(key, value -> tell(peer, value));
            case Failed(Failure seen) -> fail(withAddress(seen));
            case Leave() -> peer.leave();
            default -> lose(peer, new ProtocolException(message.toString()));
        }
    }

    private void greet(Peer peer, Hello hello) {
        if (!token.admits(peer.challenge(), hello)) {
            refuse(peer, "its token is another one; give every rank of a job the same");
            return;
        }
        if (hello.size() != ranks.length) {
            refuse(peer, "it counts %d ranks and rank 0 counts %d".formatted(hello.size(), ranks.length));
            failJoining(hello, "counts %d ranks and rank 0 counts %d".formatted(hello.size(), ranks.length));
            return;
        }
        if (hello.rank() < 0 || hello.rank() >= ranks.length || ranks[hello.rank()] != null) {
            String detail = "there is another rank %d of %d".formatted(hello.rank(), ranks.length);
            refuse(peer, detail + "; give every process a rank of its own");
            failJoining(hello, "was started twice, or its number is wrong: " + detail);
            return;
        }
        peer.admit(hello);
        ranks[hello.rank()] = peer;
        tell(peer, token.accept(peer.challenge(), hello));
        if (failure != null) {
            tell(peer, new Failed(failure));
        }
        welcomeIfComplete();
    }

    private void refuse(Peer peer, String reason) {
        tell(peer, new Refused(reason));
        peer.close();
    }

    /** A contradiction while ranks gather means that the job cannot come about; later it is the stranger's own trouble. */
    private void failJoining(Hello hello, String detail) {
        if (!welcomed) {
            fail(new Failure(hello.rank(), hello.host(), hello.pid(), Cause.DISAGREEMENT, detail));
        }
    }

    private void welcomeIfComplete() {
        if (IntStream.range(0, ranks.length).allMatch(this::isPresent)) {
            welcomed = true;
            tellAll(new Welcome(new SecureRandom().nextLong()));
        }
    }

    private void publish(Peer peer, String key, String value) {
        if (!noticeboard.publish(key, value)) {
            fail(peer.failure(Cause.DISAGREEMENT, "published '%s' a second time, or too much".formatted(key)));
        }
    }

    private void judge(long now) {
        for (Peer peer : peers) {
            if (peer.silentFor(timeouts.peer().toNanos(), now)) {
                if (peer.hello() == null) {
                    peer.close();
                } else if (peer.isPresent()) {
                    fail(peer.failure(Cause.SILENT, Pulse.silence(timeouts.peer())));
                }
            }
        }
        if (!welcomed && now - startNanos > timeouts.join().toNanos()) {
            fail(missing());
        }
        if (retiring && now - progressNanos > timeouts.stall().toNanos()) {
            String detail = "made no progress for %s and did not leave".formatted(Pulse.seconds(timeouts.stall()));
            fail(culprits(this::isPresent, Cause.STALLED, detail));
        }
    }

    private Failure missing() {
        String detail = "did not join within %s; see why it did not start, or raise timeouts.join"
                .formatted(Pulse.seconds(timeouts.join()));
        return culprits(rank -> ranks[rank] == null, Cause.SILENT, detail);
    }

    /** A failure of all ranks that meet a condition; one of them is the culprit, several are listed. */
    private Failure culprits(IntPredicate condition, Cause cause, String detail) {
        int[] culprits = IntStream.range(0, ranks.length).filter(condition).toArray();
        if (culprits.length == 1) {
            return withAddress(new Failure(culprits[0], "?", 0, cause, detail));
        }
        String list = IntStream.of(culprits).mapToObj(Integer::toString).collect(Collectors.joining(", "));
        return new Failure(-1, "?", 0, cause, "ranks %s of %d %s".formatted(list, ranks.length, detail));
    }

    private Failure withAddress(Failure seen) {
        Peer culprit = seen.rank() >= 0 && seen.rank() < ranks.length ? ranks[seen.rank()] : null;
        return culprit == null || !seen.host().equals("?") ? seen : culprit.failure(seen.cause(), seen.detail());
    }

    /** The first failure becomes everybody's. */
    private void fail(Failure first) {
        if (failure == null) {
            failure = first;
            tellAll(new Failed(first));
        }
    }

    private void tellAll(Message message) {
        for (Peer rank : ranks) {
            if (rank != null) {
                tell(rank, message);
            }
        }
    }

    private void tell(Peer peer, Message message) {
        try {
            peer.send(message);
        } catch (IOException e) {
            lose(peer, e);
        }
    }
}
