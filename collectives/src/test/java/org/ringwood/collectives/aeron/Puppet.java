package org.ringwood.collectives.aeron;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.agrona.concurrent.UnsafeBuffer;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.transport.Envelope;

/** A rank on a node of its own that does what the test says: it sends frames by hand, and ends as it should not. */
final class Puppet implements AutoCloseable {
    private final AeronConfig config;
    private final NodeDriver driver;
    private final Aeron aeron;
    private final Subscription subscription;
    private final ExclusivePublication publication;

    /** Meets rank {@code peer}, which must be connecting at the same time. */
    Puppet(AeronConfig config, int peer, Troubles troubles) {
        this.config = config;
        this.driver = NodeDriver.launch(config, NodeDriver.context(config, troubles));
        this.aeron = Aeron.connect(
                new Aeron.Context().aeronDirectoryName(driver.path()).errorHandler(troubles));
        long job = config.job().nonce();
        Channel own = Channel.listening(config.listening(), job, config.rank());
        this.subscription = aeron.addSubscription(own.uri(), own.stream());
        publishAddress();
        String address = config.rendezvous().await(Rendezvous.key("aeron.address", peer), Duration.ofSeconds(60));
        Channel channel =
                Channel.sending(config.address(), Address.decode(address).endpoint(), job, peer);
        this.publication = aeron.addExclusivePublication(channel.uri(), channel.stream());
    }

    private void publishAddress() {
        while (subscription.resolvedEndpoint() == null) {
            Thread.onSpinWait();
        }
        Address address = new Address(subscription.resolvedEndpoint(), 1024, 8 << 10, 4242, "puppet-host");
        config.rendezvous().publish(Rendezvous.key("aeron.address", config.rank()), address.encoded());
    }

    /** A message of this rank to its peer. */
    Envelope envelope(int to, long bytes) {
        return new Envelope(config.job().nonce(), 0, config.job().epoch(), config.rank(), to, 0, 0, 0, bytes, 0);
    }

    void send(Frame.Kind kind, Envelope envelope, MemorySegment payload) {
        byte[] bytes = new byte[Frame.HEADER_BYTES + (int) payload.byteSize()];
        MemorySegment frame = MemorySegment.ofArray(bytes);
        new Frame(kind, envelope, 0, payload).writeTo(frame);
        new Checksum().seal(frame);
        send(bytes);
    }

    void send(byte[] bytes) {
        while (publication.offer(new UnsafeBuffer(bytes)) < 0) {
            Thread.onSpinWait();
        }
    }

    /** Ends the stream in order, but without a goodbye, as the driver does for a process that died. */
    void die() {
        publication.close();
    }

    /** Goes silent at once, as a host does that lost its power. */
    void fallSilent() {
        driver.close();
    }

    @Override
    public void close() {
        aeron.close();
        driver.close();
    }
}
