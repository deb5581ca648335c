package org.ringwood.collectives.aeron;

import static org.assertj.core.api.Assertions.assertThat;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.ext.DebugReceiveChannelEndpoint;
import io.aeron.driver.ext.LossGenerator;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ringwood.collectives.GroupFactory;
import org.ringwood.collectives.Payloads;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Topology;

/** Frames get lost in the network, by seeds that are named here; all bytes arrive nevertheless. */
class AeronLossTest {
    private static final AeronTuning SMALL_DATAGRAMS = new AeronTuning(
            1408,
            16 << 10,
            64 << 10,
            1024,
            8 << 10,
            Duration.ofSeconds(30),
            Duration.ofSeconds(60),
            Duration.ofSeconds(2));

    enum Loss {
        FEW_DATA_FRAMES(0.01, 0, 4711),
        MANY_DATA_FRAMES(0.2, 0, 815),
        STATUS_MESSAGES_AND_NAKS(0, 0.3, 1234),
        BOTH_DIRECTIONS(0.1, 0.1, 99);

        private final double data;
        private final double control;
        private final long seed;

        Loss(double data, double control, long seed) {
            this.data = data;
            this.control = control;
            this.seed = seed;
        }
    }

    private final AtomicLong dropped = new AtomicLong();

    @ParameterizedTest
    @EnumSource
    void survives(Loss loss) throws Exception {
        LocalJob job = new LocalJob(
                new Topology(List.of("a", "b", "c")),
                GroupFactory.PATIENT,
                Media.AUTO,
                SMALL_DATAGRAMS,
                driver -> lose(loss, driver));
        RankThreads.run(job.groups(), AeronLossTest::exchange);
        assertThat(dropped).as("frames dropped by %s", loss).hasPositiveValue();
    }

    private void lose(Loss loss, MediaDriver.Context driver) {
        driver.receiveChannelEndpointSupplier((channel, dispatcher, status, context) -> new DebugReceiveChannelEndpoint(
                channel, dispatcher, status, context, seeded(loss.data, loss.seed), seeded(loss.control, ~loss.seed)));
    }

    private LossGenerator seeded(double rate, long seed) {
        Random random = new Random(seed);
        return (address, buffer, length) -> {
            boolean drop = random.nextDouble() < rate;
            if (drop) {
                dropped.incrementAndGet();
            }
            return drop;
        };
    }

    private static void exchange(ProcessGroup group) {
        for (int bytes : new int[] {1, 3000, 200_001}) {
            List<MemorySegment> send = new ArrayList<>();
            List<MemorySegment> receive = new ArrayList<>();
            for (int peer = 0; peer < group.size(); peer++) {
                send.add(Payloads.of(10L * group.rank() + peer, bytes));
                receive.add(MemorySegment.ofArray(new byte[bytes]));
            }
            group.allToAll(send, receive);
            for (int peer = 0; peer < group.size(); peer++) {
                Payloads.assertPayload(receive.get(peer), 10L * peer + group.rank());
            }
        }
    }
}
