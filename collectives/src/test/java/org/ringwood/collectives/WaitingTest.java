package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.inprocess.InProcessTransport;
import org.ringwood.collectives.transport.Transport;

class WaitingTest {
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration LONG = Duration.ofMinutes(10);

    private static Timeouts timeouts(Duration stall, Optional<Duration> job) {
        return new Timeouts(LONG, LONG, stall, job);
    }

    @Test
    void endsByNoProgressOfAnyRank() {
        assertAllEndBy(Cause.STALLED, timeouts(SHORT, Optional.empty()), "no rank made progress for 0.02 s");
    }

    @Test
    void endsAtTheDeadlineOfTheJob() {
        assertAllEndBy(Cause.DEADLINE, timeouts(LONG, Optional.of(SHORT)), "deadline of 0.02 s");
    }

    /** All ranks wait for a message that nobody sends, and end by one failure. */
    private static void assertAllEndBy(Cause cause, Timeouts timeouts, String inMessage) {
        var failures = ConcurrentHashMap.<Failure>newKeySet();
        List<Optional<Throwable>> thrown =
                RankThreads.outcomes(ProcessGroups.inProcess(Topology.singleNode(3), timeouts), group -> {
                    try (Operation operation = group.begin("ring forward")) {
                        int from = (group.rank() + 1) % 3;
                        operation.receive(from, 4, 5, MemorySegment.ofArray(new byte[8]), 0);
                    }
                });
        for (Optional<Throwable> one : thrown) {
            assertThat(one).get().isInstanceOfSatisfying(GroupFailureException.class, e -> {
                assertThat(e.failure().cause()).isEqualTo(cause);
                assertThat(e)
                        .hasMessageContainingAll(
                                inMessage, "waited for the message from rank", "(hop 4, tag 5)", "'ring forward'");
                failures.add(e.failure());
            });
        }
        assertThat(failures).hasSize(1);
    }

    @Test
    void endsByAnInterrupt() {
        List<Optional<Throwable>> thrown = RankThreads.outcomes(ProcessGroups.inProcess(2), group -> {
            if (group.rank() == 1) {
                Thread.currentThread().interrupt();
            }
            group.await(never("the end of the world"));
        });
        for (Optional<Throwable> one : thrown) {
            assertThat(one).get().isInstanceOfSatisfying(GroupFailureException.class, e -> {
                assertThat(e.failure().cause()).isEqualTo(Cause.CANCELLED);
                assertThat(e.failure().rank()).isEqualTo(1);
            });
        }
    }

    @Test
    void doesNotStallWhileAnyRankMakesProgress() {
        Clock alwaysNow = new Clock(0);
        AtomicInteger rounds = new AtomicInteger();
        waiting(alwaysNow, Duration.ofNanos(1)).await(once(() -> rounds.incrementAndGet() > 300, false));
        assertThat(rounds).hasValue(301);
    }

    @Test
    void tellsThatAComputingRankMakesProgress() {
        Clock clock = new Clock(0);
        AtomicInteger rounds = new AtomicInteger();
        waiting(clock, LONG).await(once(() -> rounds.incrementAndGet() > 10, true));
        assertThat(clock.progress).hasValue(11);
    }

    @Test
    void startsTheClockAnewForARankThatComesLate() {
        Clock longAgo = new Clock(Duration.ofHours(1).toNanos());
        AtomicInteger rounds = new AtomicInteger();
        waiting(longAgo, Duration.ofMinutes(30)).await(once(() -> rounds.incrementAndGet() > 10, false));
        assertThat(rounds).hasValue(11);
    }

    @Test
    void returnsWhatIsDoneAlsoAfterAFailure() {
        Clock clock = new Clock(0);
        clock.report(new Failure(1, "host", 5, Cause.DIED, "was killed"));
        waiting(clock, LONG).await(once(() -> true, false));
        assertThatThrownBy(() -> waiting(clock, LONG).await(never("a message")))
                .isInstanceOf(GroupFailureException.class)
                .hasMessage("rank 1 (host, process 5) was killed; seen while rank 0 waited for a message");
    }

    /** The transport parks for an hour, so only the wake-up ends the wait. */
    @Test
    void isWokenByWhoeverEndsWhatItWaitsFor() throws InterruptedException {
        Transport deaf = new DeafTransport(
                nanos -> LockSupport.parkNanos(Duration.ofHours(1).toNanos()));
        AtomicInteger looks = new AtomicInteger();
        Waiting waiting = new Waiting(0, deaf, Liveness.local(), timeouts(LONG, Optional.empty()), System.nanoTime());
        AtomicBoolean ended = new AtomicBoolean();
        Thread rank = Thread.ofPlatform()
                .daemon()
                .start(() -> waiting.await(once(
                        () -> {
                            looks.incrementAndGet();
                            return ended.get();
                        },
                        false)));
        while (rank.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertThat(looks.get()).isPositive();
        ended.set(true);
        waiting.wake();
        rank.join();
    }

    @Test
    void refusesAThreadWhileAnotherWaits() {
        Waiting waiting = waiting(new Clock(0), LONG);
        waiting.await(once(
                () -> {
                    CompletableFuture<Void> other = CompletableFuture.runAsync(
                            () -> waiting.await(once(() -> true, false)),
                            task -> Thread.ofPlatform().name("other").start(task));
                    assertThatThrownBy(other::join)
                            .hasCauseInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("thread 'other' waits in a group of rank 0 while thread '");
                    return true;
                },
                false));
    }

    /** Ranks may outnumber the cores. */
    @Test
    void leavesItsCoreToOthersWhileNothingMoves() {
        List<Long> parks = new ArrayList<>();
        AtomicInteger rounds = new AtomicInteger();
        new Waiting(
                        0,
                        new DeafTransport(parks::add),
                        Liveness.local(),
                        timeouts(LONG, Optional.empty()),
                        System.nanoTime())
                .await(once(() -> rounds.incrementAndGet() > 200, false));
        assertThat(parks).as("parks of 200 rounds").hasSizeGreaterThan(100).isSorted();
        assertThat(parks.getLast()).as("longest").isBetween(100_000L, 1_000_000L);
    }

    @Test
    void blamesTheFailureForWhatItBreaks() {
        Clock clock = new Clock(0);
        IllegalStateException broken = new IllegalStateException("the memory of rank 1 is gone");
        ProcessGroup.Wait breaks = once(
                () -> {
                    throw broken;
                },
                false);
        assertThatThrownBy(() -> waiting(clock, LONG).await(breaks)).isSameAs(broken);
        clock.report(new Failure(1, "?", 0, Cause.DIED, "was killed"));
        assertThatThrownBy(() -> waiting(clock, LONG).await(breaks))
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("rank 1 was killed")
                .hasCause(broken);
    }

    private static Waiting waiting(Liveness liveness, Duration stall) {
        return new Waiting(
                0,
                InProcessTransport.connect(1, liveness).getFirst(),
                liveness,
                timeouts(stall, Optional.empty()),
                System.nanoTime());
    }

    private static ProcessGroup.Wait never(String what) {
        return new Waits(() -> false, false, what);
    }

    private static ProcessGroup.Wait once(BooleanSupplier done, boolean computing) {
        return new Waits(done, computing, "a condition of the test");
    }

    private record Waits(BooleanSupplier condition, boolean computing, String describe) implements ProcessGroup.Wait {
        @Override
        public boolean done() {
            return condition.getAsBoolean();
        }
    }

    /** Says that the last progress was so many nanoseconds ago, whenever it is asked. */
    private static final class Clock implements Liveness {
        private final long ago;
        private final AtomicInteger progress = new AtomicInteger();
        private @Nullable Failure failure;

        Clock(long ago) {
            this.ago = ago;
        }

        @Override
        public @Nullable Failure failure() {
            return failure;
        }

        @Override
        public void report(Failure reported) {
            failure = reported;
        }

        @Override
        public void progressed() {
            progress.incrementAndGet();
        }

        @Override
        public long lastProgressNanos() {
            return System.nanoTime() - ago;
        }
    }
}
