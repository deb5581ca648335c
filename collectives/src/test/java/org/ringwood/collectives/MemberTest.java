package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.transport.Connection;

class MemberTest {
    private static final Failure KNOWN = new Failure(1, "there", 7, Cause.DIED, "was killed");
    private static final Job JOB = new Job(1, 0, Topology.singleNode(2), Timeouts.DEFAULT);

    /** After a failure a transport may break while it withdraws; what it and the liveness hold is given back all the same. */
    @Test
    void leavesAlsoIfTheTransportBreaksOnTheWay() {
        List<String> done = new ArrayList<>();
        IllegalStateException broken = new IllegalStateException("the network is gone");
        Member member = new Member(
                JOB,
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
                new Told(KNOWN, () -> done.add("liveness")));
        NativeMemory memory = (NativeMemory) member.allocate(8);
        assertThatThrownBy(member::close).isSameAs(broken);
        assertThat(done).containsExactly("transport", "liveness");
        assertThat(memory.isClosed())
                .as("memory that the transport may still use is freed")
                .isFalse();
    }

    /** Connects, and notes what is closed. */
    private static Connection noting(List<String> done) {
        return (_, chapter) -> new DeafTransport(_ -> {}) {
            @Override
            public void close() {
                done.add(chapter);
            }
        };
    }

    private static Member member(Connection connection, List<String> done) {
        return new Member(JOB, 0, connection, new Told(null, () -> done.add("liveness")));
    }

    @Test
    void theLivenessIsLeftWithTheLastDuplicate() {
        List<String> done = new ArrayList<>();
        Member member = member(noting(done), done);
        Member first = member.duplicate();
        Member ofFirst = first.duplicate();
        Member second = member.duplicate();
        assertThat(List.of(first, ofFirst, second))
                .extracting(one -> one.job().nonce())
                .doesNotHaveDuplicates();
        first.close();
        member.close();
        second.close();
        ofFirst.close();
        assertThat(done).containsExactly("duplicate-0/", "", "duplicate-1/", "duplicate-0/duplicate-0/", "liveness");
    }

    @Test
    void aDuplicateThatCannotBeConnectedHoldsNothing() {
        List<String> done = new ArrayList<>();
        Connection once = (job, chapter) -> {
            if (!chapter.isEmpty()) {
                throw new IllegalArgumentException("there is no port left");
            }
            return noting(done).connect(job, chapter);
        };
        Member member = member(once, done);
        assertThatThrownBy(member::duplicate).hasMessage("there is no port left");
        member.close();
        assertThat(done).containsExactly("", "liveness");
    }

    /** Another rank has failed before this one is connected. */
    @Test
    void aDuplicateThatNobodyWaitsForAnyMoreIsClosed() throws Exception {
        List<String> done = new CopyOnWriteArrayList<>();
        CountDownLatch given = new CountDownLatch(1);
        CountDownLatch left = new CountDownLatch(1);
        Connection slow = (job, chapter) -> {
            if (!chapter.isEmpty()) {
                awaitUninterrupted(given);
            }
            return noting(done).connect(job, chapter);
        };
        Told failed = new Told(KNOWN, () -> {
            done.add("liveness");
            left.countDown();
        });
        Member member = new Member(JOB, 0, slow, failed);
        assertThatThrownBy(member::duplicate).isInstanceOf(GroupFailureException.class);
        member.close();
        given.countDown();
        left.await();
        assertThat(done).containsExactly("", "duplicate-0/", "liveness");
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private record Told(@Nullable Failure failure, Runnable onClose) implements Liveness {
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
