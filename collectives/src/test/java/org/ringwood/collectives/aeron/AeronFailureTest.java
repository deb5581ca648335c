package org.ringwood.collectives.aeron;

import static org.assertj.core.api.Assertions.assertThat;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.ext.DebugReceiveChannelEndpoint;
import io.aeron.driver.ext.LossGenerator;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFactory;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.Payloads;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.transport.Envelope;

class AeronFailureTest {
    private static final Topology TWO_NODES = new Topology(List.of("left", "right"));

    private LocalJob job = new LocalJob(TWO_NODES, GroupFactory.PATIENT, Media.AUTO, LocalJob.SMALL);

    /** Gives peers up early, for a test that waits for just that. */
    private void hurry(Duration silence, Duration reach) {
        AeronTuning small = LocalJob.SMALL;
        AeronTuning impatient = new AeronTuning(
                small.mtuBytes(),
                small.windowBytes(),
                small.termBytes(),
                small.eagerBytes(),
                small.eagerBudgetBytes(),
                silence,
                reach,
                small.linger());
        job = new LocalJob(TWO_NODES, GroupFactory.PATIENT, Media.AUTO, impatient);
    }

    @Test
    void namesTheSenderOfADamagedFrame() throws Exception {
        AtomicBoolean damaged = new AtomicBoolean();
        LocalJob job = new LocalJob(
                TWO_NODES, GroupFactory.PATIENT, Media.AUTO, LocalJob.SMALL, driver -> damageOnce(driver, damaged));
        RankThreads.outcomes(job.groups(), group -> {
            group.barrier();
            group.broadcast(Payloads.of(1, 100_000), 1);
        });
        assertThat(damaged).isTrue();
        assertThat(failureOf(job).rank()).isEqualTo(1);
        assertThat(failureOf(job).cause()).isEqualTo(Cause.ERROR);
        assertThat(failureOf(job).detail()).contains("CRC32C", "rank 0");
    }

    /** Flips a bit of the first large frame, behind what UDP checks. */
    private static void damageOnce(MediaDriver.Context driver, AtomicBoolean damaged) {
        LossGenerator none = (address, buffer, length) -> false;
        LossGenerator once = new LossGenerator() {
            @Override
            public boolean shouldDropFrame(InetSocketAddress address, UnsafeBuffer buffer, int length) {
                return false;
            }

            @Override
            public boolean shouldDropFrame(
                    InetSocketAddress address,
                    UnsafeBuffer buffer,
                    int stream,
                    int session,
                    int term,
                    int offset,
                    int length) {
                if (length > 4000 && damaged.compareAndSet(false, true)) {
                    buffer.putByte(3000, (byte) ~buffer.getByte(3000));
                }
                return false;
            }
        };
        driver.receiveChannelEndpointSupplier((channel, dispatcher, status, context) ->
                new DebugReceiveChannelEndpoint(channel, dispatcher, status, context, once, none));
    }

    private static Failure failureOf(LocalJob job) {
        return Objects.requireNonNull(job.failure(), "no failure was reported");
    }

    @Test
    void ignoresFramesOfOtherJobsAndOtherNoise() throws Exception {
        play((transport, puppet) -> {
            Envelope own = puppet.envelope(0, 8);
            MemorySegment mine = Payloads.of(7, 8);
            puppet.send(Frame.Kind.DATA, ofJob(own, own.job() + 1), Payloads.of(6, 8));
            puppet.send(new byte[5]);
            puppet.send(new byte[100]);
            puppet.send(Frame.Kind.DATA, own, mine);
            MemorySegment into = MemorySegment.ofArray(new byte[8]);
            Transfer received = transport.receive(own, into);
            drive(transport, received::isDone);
            Payloads.assertPayload(into, 7);
            assertThat(transport.strangers()).isEqualTo(3);
            assertThat(job.failure()).isNull();
            puppet.send(Frame.Kind.GOODBYE, puppet.envelope(0, 0), MemorySegment.ofArray(new byte[0]));
        });
    }

    private static Envelope ofJob(Envelope envelope, long job) {
        return new Envelope(
                job,
                envelope.group(),
                envelope.epoch(),
                envelope.source(),
                envelope.destination(),
                envelope.operation(),
                envelope.hop(),
                envelope.tag(),
                envelope.bytes(),
                envelope.digest());
    }

    @Test
    void refusesALargeMessageThatItDidNotAskFor() throws Exception {
        play((transport, puppet) -> {
            puppet.send(Frame.Kind.DATA, puppet.envelope(0, 1L << 40), Payloads.of(1, 4000));
            drive(transport, () -> job.failure() != null);
            assertThat(failureOf(job).rank()).isEqualTo(1);
            assertThat(failureOf(job).detail()).contains("unasked");
        });
    }

    @Test
    void namesAPeerThatDied() throws Exception {
        play((transport, puppet) -> {
            puppet.send(Frame.Kind.HELLO, puppet.envelope(0, 0), MemorySegment.ofArray(new byte[0]));
            transport.receive(puppet.envelope(0, 100_000), MemorySegment.ofArray(new byte[100_000]));
            puppet.die();
            drive(transport, () -> job.failure() != null);
            assertThat(failureOf(job).cause()).isEqualTo(Cause.DIED);
            assertThat(failureOf(job).toString()).startsWith("rank 1 (puppet-host, process 4242) ended");
        });
    }

    @Test
    void namesAPeerThatFellSilent() throws Exception {
        hurry(Duration.ofSeconds(2), Duration.ofSeconds(30));
        play((transport, puppet) -> {
            puppet.send(Frame.Kind.HELLO, puppet.envelope(0, 0), MemorySegment.ofArray(new byte[0]));
            Envelope toPuppet = new Envelope(job.job().nonce(), 0, job.job().epoch(), 0, 1, 0, 0, 0, 10, 0);
            Transfer sent = transport.send(toPuppet, Payloads.of(1, 10));
            drive(transport, sent::isDone);
            transport.receive(puppet.envelope(0, 100_000), MemorySegment.ofArray(new byte[100_000]));
            puppet.fallSilent();
            drive(transport, () -> job.failure() != null);
            assertThat(failureOf(job).cause()).isEqualTo(Cause.SILENT);
            assertThat(failureOf(job).toString()).startsWith("rank 1 (puppet-host, process 4242) was not heard");
        });
    }

    @Test
    void doesNotMindTheLossOfAPeerThatNothingIsUnderWayWith() throws Exception {
        play((transport, puppet) -> {
            Envelope envelope = puppet.envelope(0, 10);
            puppet.send(Frame.Kind.DATA, envelope, Payloads.of(1, 10));
            Transfer received = transport.receive(envelope, MemorySegment.ofArray(new byte[10]));
            drive(transport, received::isDone);
            puppet.die();
            drive(transport, () -> !transport.hears(1));
            assertThat(job.failure()).isNull();
            transport.receive(withTag(envelope, 5), MemorySegment.ofArray(new byte[10]));
            drive(transport, () -> job.failure() != null);
            assertThat(failureOf(job).cause()).isEqualTo(Cause.DIED);
        });
    }

    private static Envelope withTag(Envelope envelope, int tag) {
        return new Envelope(
                envelope.job(),
                envelope.group(),
                envelope.epoch(),
                envelope.source(),
                envelope.destination(),
                envelope.operation(),
                envelope.hop(),
                tag,
                envelope.bytes(),
                envelope.digest());
    }

    @Test
    void namesAPeerThatCannotBeReached() throws Exception {
        hurry(Duration.ofSeconds(10), Duration.ofMillis(500));
        job.config(1)
                .rendezvous()
                .publish(
                        Rendezvous.key("aeron.address", 1),
                        new Address("127.0.0.1:" + unusedPort(), 0, 0, 4242, "far-away").encoded());
        try (AeronTransport transport = AeronTransport.connect(job.config(0), job)) {
            Envelope envelope = new Envelope(job.job().nonce(), 0, job.job().epoch(), 0, 1, 0, 0, 0, 10, 0);
            transport.send(envelope, Payloads.of(1, 10));
            drive(transport, () -> job.failure() != null);
        }
        assertThat(failureOf(job).cause()).isEqualTo(Cause.SILENT);
        assertThat(failureOf(job).toString()).startsWith("rank 1 (far-away, process 4242) cannot be reached");
    }

    private static int unusedPort() throws Exception {
        try (DatagramChannel probe =
                DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            return ((InetSocketAddress) probe.getLocalAddress()).getPort();
        }
    }

    @Test
    void namesAPeerThatLeftTooEarly() throws Exception {
        List<AeronTransport> transports = job.connect();
        try (AeronTransport waiting = transports.get(0);
                ExecutorService other = Executors.newSingleThreadExecutor()) {
            Envelope small = new Envelope(job.job().nonce(), 0, job.job().epoch(), 1, 0, 0, 0, 0, 10, 0);
            Future<?> left = other.submit(() -> {
                try (AeronTransport leaving = transports.get(1)) {
                    drive(leaving, leaving.send(small, Payloads.of(1, 10))::isDone);
                }
            });
            MemorySegment into = MemorySegment.ofArray(new byte[10]);
            Transfer sentBefore = waiting.receive(small, into);
            waiting.receive(withTag(small, 1), MemorySegment.ofArray(new byte[10]));
            drive(waiting, () -> job.failure() != null);
            left.get();
            assertThat(sentBefore.isDone()).isTrue();
            Payloads.assertPayload(into, 1);
        }
        assertThat(failureOf(job).rank()).isEqualTo(1);
        assertThat(failureOf(job).detail()).contains("left the job while rank 0 still waited for it");
    }

    private interface Play {
        void run(AeronTransport transport, Puppet puppet) throws Exception;
    }

    /** Rank 0 is a transport, rank 1 a puppet. */
    private void play(Play play) throws Exception {
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            Future<AeronTransport> connecting = other.submit(() -> AeronTransport.connect(job.config(0), job));
            try (Puppet puppet = new Puppet(job.config(1), 0, new Troubles(job));
                    AeronTransport transport = connecting.get()) {
                play.run(transport, puppet);
            }
        }
    }

    private static void drive(AeronTransport transport, BooleanSupplier until) {
        while (!until.getAsBoolean()) {
            if (!transport.progress()) {
                transport.park(100_000);
            }
        }
    }
}
