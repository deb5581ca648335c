package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure.Cause;

class MemberTest {
    private static final Failure KNOWN = new Failure(1, "there", 7, Cause.DIED, "was killed");

    /** After a failure a transport may break while it withdraws; what it and the liveness hold is given back all the same. */
    @Test
    void leavesAlsoIfTheTransportBreaksOnTheWay() {
        List<String> done = new ArrayList<>();
        IllegalStateException broken = new IllegalStateException("the network is gone");
        Member member = new Member(
                new Job(1, 0, Topology.singleNode(2), Timeouts.DEFAULT),
                0,
                (_, _) -> new DeafTransport(_ -> {}) {
                    @Override
                    public boolean withdraw() {
                        throw broken;
                    }

                    @Override
                    public void close() {
                        done.add("transport");
                    }
                },
                new KnownFailure(() -> done.add("liveness")));
        NativeMemory memory = (NativeMemory) member.allocate(8);
        assertThatThrownBy(member::close).isSameAs(broken);
        assertThat(done).containsExactly("transport", "liveness");
        assertThat(memory.isClosed())
                .as("memory that the transport may still use is freed")
                .isFalse();
    }

    private record KnownFailure(Runnable onClose) implements Liveness {
        @Override
        public @Nullable Failure failure() {
            return KNOWN;
        }

        @Override
        public void report(Failure failure) {}

        @Override
        public void progressed() {}

        @Override
        public long lastProgressNanos() {
            return System.nanoTime();
        }

        @Override
        public void close() {
            onClose.run();
        }
    }
}
