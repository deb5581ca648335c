package org.ringwood.collectives.control;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.ringwood.collectives.control.Message.Heartbeat;
import org.ringwood.collectives.control.Message.Leave;

/** A member's connection to the hub and the thread that keeps it: beats, listens for the hub's heartbeats, delivers. */
final class Link implements AutoCloseable {
    /** What becomes of what the link learns; called from the link's thread. */
    interface Owner {
        /** A message from the hub. */
        void take(Message message) throws ProtocolException;

        /** The hub sent nothing for the peer timeout. */
        void silent();

        /** Nothing will come any more. */
        void lost(IOException how);

        /** A number that changes whenever this rank made progress. */
        long progress();
    }

    /** How long a member that left waits for the hub to close. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final Owner owner;
    private final InetAddress localAddress;
    private final Selector selector;
    private final Connection connection;
    private final Pulse pulse;
    private final long peerNanos;
    private final Thread thread;
    private final Queue<Message> outbox = new ConcurrentLinkedQueue<>();
    private volatile boolean leaving;
    private long heardNanos = System.nanoTime();
    private boolean accepted;

    /** Takes over a connected channel. */
    Link(SocketChannel channel, int rank, Duration peerTimeout, Owner owner) throws IOException {
        this.owner = owner;
        localAddress = channel.socket().getLocalAddress();
        selector = Selector.open();
        connection = new Connection(channel, selector);
        // The hub must prove itself too, but this rank chose whom it called: a Refused or a Failed may be long.
        connection.trust();
        pulse = new Pulse(peerTimeout, heardNanos);
        peerNanos = peerTimeout.toNanos();
        thread = Thread.ofPlatform().name("ringwood-control-" + rank).daemon().unstarted(this::run);
    }

    InetAddress localAddress() {
        return localAddress;
    }

    void start() {
        thread.start();
    }

    /** Lets the heart beat: the hub hears only those it has accepted. Called from the link's thread. */
    void accepted() {
        accepted = true;
    }

    /** Sends soon; may be called from any thread. */
    void send(Message message) {
        outbox.add(message);
        selector.wakeup();
    }

    /** Says farewell and ends. */
    @Override
    public void close() {
        send(new Leave());
        leaving = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!leaving || !outbox.isEmpty() || !connection.isFlushed()) {
                round();
            }
            linger();
        } catch (IOException e) {
            owner.lost(e);
        } catch (RuntimeException e) {
            owner.lost(new IOException(e.toString(), e));
        } finally {
            end();
        }
    }

    private void end() {
        connection.close();
        try {
            selector.close();
        } catch (IOException e) {
            owner.lost(e);
        }
    }

    private void round() throws IOException {
        exchange(pulse.intervalMillis());
        long now = System.nanoTime();
        if (pulse.heldUp(now)) {
            heardNanos = now;
        }
        if (now - heardNanos > peerNanos) {
            owner.silent();
        }
        // A hub that does not read needs no further heartbeat: those that wait will do.
        if (accepted && pulse.isDue(now) && connection.isFlushed()) {
            connection.send(new Heartbeat(owner.progress()));
        }
    }

    private void exchange(long millis) throws IOException {
        selector.select(millis);
        selector.selectedKeys().clear();
        connection.flush();
        for (Message message = outbox.poll(); message != null; message = outbox.poll()) {
            connection.send(message);
        }
        connection.read(message -> {
            heardNanos = System.nanoTime();
            owner.take(message);
        });
    }

    /** Lets the hub close first, so that nothing it still sends comes back to it as an error. */
    private void linger() throws IOException {
        connection.endOutput();
        long deadline = System.nanoTime() + LINGER.toNanos();
        try {
            while (System.nanoTime() < deadline) {
                selector.select(TimeUnit.NANOSECONDS.toMillis(LINGER.toNanos() / 20));
                selector.selectedKeys().clear();
                connection.read(owner::take);
            }
        } catch (EOFException closedByHub) {
            return;
        }
    }
}
