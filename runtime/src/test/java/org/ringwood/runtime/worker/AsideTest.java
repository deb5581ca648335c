package org.ringwood.runtime.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.runtime.files.InputException;

@Timeout(60)
class AsideTest {
    private static final Duration STALL = Duration.ofSeconds(2);

    @Test
    void whoComputesForLongerThanTheStallTimeoutIsNotStalled() {
        AtomicReference<String> result = new AtomicReference<>();
        RankThreads.run(groups(2), group -> {
            if (group.rank() == 0) {
                long enough =
                        System.nanoTime() + STALL.multipliedBy(3).dividedBy(2).toNanos();
                result.set(Aside.compute(group, "thinking", () -> {
                    while (group.liveness().lastProgressNanos() < enough) {
                        Thread.sleep(10);
                    }
                    return "thought";
                }));
            }
            group.barrier();
        });
        assertThat(result).hasValue("thought");
    }

    @Test
    void whatTheWorkThrowsIsThrown() {
        try (ProcessGroup alone = groups(1).getFirst()) {
            assertThatThrownBy(() -> Aside.compute(alone, "thinking", () -> {
                        throw new InputException("no good");
                    }))
                    .isInstanceOf(InputException.class)
                    .hasMessage("no good");
        }
    }

    @Test
    void aFailureOfTheJobEndsTheWait() {
        CountDownLatch interrupted = new CountDownLatch(1);
        ProcessGroup alone = groups(1).getFirst();
        assertThatThrownBy(() -> Aside.compute(alone, "thinking", () -> {
                    alone.liveness().report(new Failure(0, "here", 1, Failure.Cause.DIED, "died"));
                    try {
                        new CountDownLatch(1).await();
                    } finally {
                        interrupted.countDown();
                    }
                    return "never";
                }))
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("died")
                .hasMessageContaining("thinking");
        assertThat(interrupted).satisfies(CountDownLatch::await);
    }

    private static List<ProcessGroup> groups(int size) {
        Timeouts timeouts = new Timeouts(Duration.ofSeconds(30), Duration.ofSeconds(30), STALL, Optional.empty());
        return ProcessGroups.inProcess(Topology.singleNode(size), timeouts);
    }
}
