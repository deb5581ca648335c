package org.ringwood.collectives.mpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.mpi.Control.Kind;
import org.ringwood.collectives.transport.Envelope;

/** Rank 0 of two, whose network does what the test says. */
class MpiTransportTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Job JOB =
            new Job(7, 0, Topology.singleNode(2), new Timeouts(LONG, LONG, LONG, Optional.empty()));
    private static final int BYTES = 10_000;

    private final ScriptedNetwork network = new ScriptedNetwork();

    private MpiTransport transport(Liveness liveness) {
        MpiConfig config =
                new MpiConfig(JOB, 0, new NoRendezvous(), liveness, MpiBinding.FOREIGN, CudaAwareness.OFF, 1 << 20);
        return new MpiTransport(config, new MpiProcess(new NoLibrary()), network, false);
    }

    private static Envelope fromPeer() {
        return new Envelope(JOB.nonce(), 0, 0, 1, 0, 3, 0, 0, BYTES, 0);
    }

    /** Small messages overtake large ones: what the peer sent before its goodbye is waited for. */
    @Test
    void aPayloadMayLandAfterItsSendersGoodbye() {
        Liveness liveness = Liveness.local();
        try (Arena arena = Arena.ofConfined()) {
            MpiTransport transport = transport(liveness);
            Transfer transfer = transport.receive(fromPeer(), arena.allocate(BYTES));
            network.hear(Control.of(Kind.DATA, fromPeer()));
            network.hear(Control.of(Kind.GOODBYE, fromPeer()));
            transport.progress();
            transport.progress();
            assertThat(liveness.failure()).isNull();
            network.land();
            transport.progress();
            assertThat(transfer.isDone()).isTrue();
            assertThat(liveness.failure()).isNull();
        }
    }

    @Test
    void aGoodbyeInPlaceOfAPayloadIsADisagreement() {
        Liveness liveness = Liveness.local();
        try (Arena arena = Arena.ofConfined()) {
            MpiTransport transport = transport(liveness);
            transport.receive(fromPeer(), arena.allocate(BYTES));
            network.hear(Control.of(Kind.GOODBYE, fromPeer()));
            transport.progress();
            assertThat(Objects.requireNonNull(liveness.failure()).cause()).isEqualTo(Cause.DISAGREEMENT);
        }
    }

    /** MPI finds that a peer is gone before anyone says so. */
    @Test
    void anErrorOfMpiIsLaidToThePeerThatIsFoundDeadLater() {
        Failure death = new Failure(1, "there", 9, Cause.DIED, "was killed");
        MpiTransport transport = transport(new LateLiveness(death, 5));
        network.broken = new MpiException("MPI_Test says: connection reset");
        assertThatThrownBy(transport::progress)
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("rank 1 (there, process 9) was killed")
                .hasCause(network.broken);
    }

    private record Posted(MemorySegment memory, ScriptedRequest request) {}

    private final class ScriptedNetwork implements MpiLibrary.Communicator {
        private final List<Posted> control = new ArrayList<>();
        private final List<Posted> data = new ArrayList<>();
        private @Nullable MpiException broken;

        @Override
        public MpiLibrary.Request send(MemorySegment bytes, int to, int tag) {
            ScriptedRequest request = new ScriptedRequest();
            request.done = true;
            return request;
        }

        @Override
        public MpiLibrary.Request receive(MemorySegment into, int from, int tag) {
            Posted posted = new Posted(into, new ScriptedRequest());
            (from == MpiLibrary.ANY ? control : data).add(posted);
            return posted.request;
        }

        @Override
        public void free() {}

        void hear(Control message) {
            Posted next = control.removeFirst();
            message.writeTo(next.memory);
            next.request.done = true;
        }

        void land() {
            data.forEach(posted -> posted.request.done = true);
        }
    }

    private final class ScriptedRequest implements MpiLibrary.Request {
        private boolean done;

        @Override
        public boolean isDone() {
            if (network.broken != null) {
                throw network.broken;
            }
            return done;
        }

        @Override
        public void cancel() {
            done = true;
        }
    }

    /** Says what failed when it is asked for the so manyth time. */
    private static final class LateLiveness implements Liveness {
        private final Failure failure;
        private int asks;

        LateLiveness(Failure failure, int asks) {
            this.failure = failure;
            this.asks = asks;
        }

        @Override
        public @Nullable Failure failure() {
            asks--;
            return asks < 0 ? failure : null;
        }

        @Override
        public void report(Failure reported) {
            throw new AssertionError(reported);
        }

        @Override
        public void progressed() {}

        @Override
        public long lastProgressNanos() {
            return System.nanoTime();
        }
    }

    private static final class NoRendezvous implements Rendezvous {
        @Override
        public void publish(String key, String value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String await(String key, Duration timeout) {
            throw new UnsupportedOperationException();
        }
    }

    private static final class NoLibrary implements MpiLibrary {
        @Override
        public String binding() {
            return "none";
        }

        @Override
        public String version() {
            return "none";
        }

        @Override
        public boolean isInitialized() {
            return true;
        }

        @Override
        public void initialize(int threadLevel) {}

        @Override
        public int threadLevel() {
            return MULTIPLE;
        }

        @Override
        public int rank() {
            return 0;
        }

        @Override
        public int size() {
            return 2;
        }

        @Override
        public Communicator connect(int[] ranks, int tag) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void end() {}
    }
}
