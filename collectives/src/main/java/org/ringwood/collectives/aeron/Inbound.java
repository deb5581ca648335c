package org.ringwood.collectives.aeron;

import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Inbox;

/** Takes in the frames of all peers: checks them, and copies payloads from Aeron's logs to where they belong. */
final class Inbound implements FragmentHandler {
    /** Fragments taken in one go, so that sending is not kept waiting. */
    private static final int BURST = 64;

    private final AeronConfig config;
    private final Map<Integer, Peer> peers;
    private final Troubles troubles;
    private final Inbox<Landing, Arrival> inbox;
    private final Checksum checksum = new Checksum();
    private final IdentityHashMap<Image, Peer> senders = new IdentityHashMap<>();
    private final Map<Envelope.Key, Landing> underWay = new HashMap<>();
    private final Queue<Image> ended = new ConcurrentLinkedQueue<>();
    private long strangers;
    private boolean closing;

    Inbound(AeronConfig config, Map<Integer, Peer> peers, Liveness liveness, Troubles troubles) {
        this.config = config;
        this.peers = peers;
        this.troubles = troubles;
        this.inbox = new Inbox<>(liveness);
    }

    Inbox<Landing, Arrival> inbox() {
        return inbox;
    }

    /** Frames that were dropped because they are not of a rank of this job. */
    long strangers() {
        return strangers;
    }

    /** Whether a stream of the peer is there. */
    boolean hears(Peer peer) {
        return senders.containsValue(peer);
    }

    /** From now on messages are dropped; what peers tell of themselves still counts. */
    void closing() {
        closing = true;
        underWay.clear();
    }

    /** Called by Aeron's thread. */
    void imageEnded(Image image) {
        ended.add(image);
    }

    /** Takes in what has arrived; returns whether anything had. */
    boolean poll(List<Subscription> subscriptions) {
        int fragments = 0;
        for (Subscription subscription : subscriptions) {
            fragments += subscription.poll(this, BURST);
        }
        for (Image image = ended.poll(); image != null; image = ended.poll()) {
            Peer peer = senders.remove(image);
            if (peer != null) {
                peer.streamEnded(image.isEndOfStream());
            }
        }
        return fragments > 0;
    }

    /** Posts a receive. */
    void post(Landing landing) {
        Envelope envelope = landing.envelope();
        Peer source = source(envelope);
        source.track(landing);
        switch (inbox.post(envelope, landing)) {
            case null -> {
                if (!isEager(envelope) && landing.invite()) {
                    source.invite(envelope);
                }
            }
            case Arrival.Announcement announced -> expect(source, landing);
            case Landing early -> {
                early.bequeath(landing);
                source.tookEager(envelope);
            }
        }
    }

    private Peer source(Envelope envelope) {
        Peer peer = peers.get(envelope.source());
        if (peer == null) {
            throw new IllegalArgumentException(
                    "rank %d has no peer %d over Aeron".formatted(config.rank(), envelope.source()));
        }
        return peer;
    }

    private boolean isEager(Envelope envelope) {
        return envelope.bytes() <= config.tuning().eagerBytes();
    }

    /** An announced message and its receive have met. */
    private void expect(Peer source, Landing landing) {
        underWay.put(landing.envelope().key(), landing);
        if (landing.invite()) {
            source.invite(landing.envelope());
        }
    }

    @Override
    public void onFragment(DirectBuffer buffer, int offset, int length, Header header) {
        MemorySegment bytes = Terms.segment(buffer, offset, length);
        Image image = (Image) header.context();
        if (!checksum.isIntact(bytes)) {
            onDamaged(image);
            return;
        }
        Frame frame = Frame.read(bytes);
        Peer sender = frame == null ? null : sender(image, frame);
        if (frame == null || sender == null) {
            strangers++;
        } else {
            handle(sender, frame);
        }
    }

    private void onDamaged(Image image) {
        Peer sender = senders.get(image);
        if (sender == null) {
            strangers++;
        } else {
            troubles.report(
                    sender,
                    Cause.ERROR,
                    "sent a frame to rank %d whose CRC32C is not that of its bytes: memory or network is faulty"
                            .formatted(config.rank()));
        }
    }

    /** Who sends a stream: the rank that its first frame names. Null if the frame is not from a rank of this job to this one. */
    private @Nullable Peer sender(Image image, Frame frame) {
        if (frame.envelope().job() != config.job().nonce() || frame.to() != config.rank()) {
            return null;
        }
        Peer sender = senders.get(image);
        if (sender == null) {
            sender = peers.get(frame.from());
            if (sender == null || senders.containsValue(sender)) {
                return null;
            }
            senders.put(image, sender);
        }
        return sender.rank() == frame.from() ? sender : null;
    }

    private void handle(Peer sender, Frame frame) {
        switch (frame.kind()) {
            case HELLO -> {}
            case CREDIT -> sender.onCredit(frame.offset());
            case GOODBYE -> sender.onGoodbye();
            case FAREWELL -> sender.onFarewell();
            case ANNOUNCE, READY, DATA -> {
                if (!closing) {
                    handleMessage(sender, frame);
                }
            }
        }
    }

    private void handleMessage(Peer sender, Frame frame) {
        if (frame.kind() == Frame.Kind.READY) {
            sender.onReady(frame.envelope());
        } else if (frame.kind() == Frame.Kind.ANNOUNCE) {
            Landing posted = inbox.arrive(frame.envelope(), Arrival.Announcement.ANNOUNCED);
            if (posted != null) {
                expect(sender, posted);
            }
        } else {
            land(sender, frame);
        }
    }

    private void land(Peer sender, Frame frame) {
        Landing landing = underWay.get(frame.envelope().key());
        if (landing == null) {
            landing = begin(sender, frame.envelope());
        }
        if (landing == null || !landing.isDue(frame.offset(), frame.payload().byteSize())) {
            troubles.report(
                    sender,
                    Cause.ERROR,
                    "sent %d bytes from byte %d of a message to rank %d out of order, or unasked: %s"
                            .formatted(frame.payload().byteSize(), frame.offset(), config.rank(), frame.envelope()));
            return;
        }
        landing.land(frame.payload());
        if (landing.isDone()) {
            underWay.remove(frame.envelope().key());
        }
    }

    /** The first fragment of a message that was not announced. Null if it may only come announced. */
    private @Nullable Landing begin(Peer sender, Envelope envelope) {
        Landing early = Landing.early(envelope);
        Landing posted = inbox.arrive(envelope, early);
        if (posted == null && !isEager(envelope)) {
            return null;
        }
        if (posted != null && isEager(envelope)) {
            sender.tookEager(envelope);
        }
        Landing landing = posted == null ? early : posted;
        underWay.put(envelope.key(), landing);
        return landing;
    }
}
