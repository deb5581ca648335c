package org.ringwood.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure;

/** A rank that looks at the others every half second, and gives them five seconds. */
class HearingTest {
    private static final long HALF = Duration.ofMillis(500).toNanos();

    private final Hearing hearing = new Hearing(1, 3, Duration.ofSeconds(5), 0);
    private long now;

    @BeforeEach
    void watch() {
        hearing.watch(List.of(new Member(0, "a", 10), new Member(1, "a", 11), new Member(2, "b", 12)), now);
    }

    private @Nullable Failure lookAfter(long nanos) {
        now += nanos;
        return hearing.judge(now);
    }

    @Test
    void whoDoesNotCallIsSilent() {
        for (int i = 0; i < 10; i++) {
            assertThat(lookAfter(HALF)).isNull();
            hearing.heard(0, now);
        }
        assertThat(lookAfter(HALF))
                .hasToString("rank 2 (b, process 12) was silent for 5 s (is it stopped or starved?)");
    }

    @Test
    void whoCallsInTimeIsNot() {
        for (int i = 0; i < 100; i++) {
            assertThat(lookAfter(HALF)).isNull();
            if (i % 9 == 0) {
                hearing.heard(0, now);
                hearing.heard(2, now);
            }
        }
    }

    /** Calls of others may have come meanwhile, and be read only after this look. */
    @Test
    void whoWasHeldUpAccusesNobody() {
        for (int i = 0; i < 5; i++) {
            assertThat(lookAfter(HALF)).isNull();
        }
        assertThat(lookAfter(6 * HALF)).isNull();
        for (int i = 0; i < 10; i++) {
            assertThat(lookAfter(HALF)).isNull();
        }
        assertThat(lookAfter(HALF))
                .hasToString("rank 0 (a, process 10) was silent for 5 s (is it stopped or starved?)");
    }

    /** Else two that are held up again and again would never miss anybody. */
    @Test
    void silenceIsForgivenOnce() {
        assertThat(lookAfter(6 * HALF)).isNull();
        assertThat(lookAfter(6 * HALF)).isNull();
        hearing.heard(2, now);
        assertThat(lookAfter(6 * HALF))
                .hasToString("rank 0 (a, process 10) was silent for 5 s (is it stopped or starved?)");
    }

    @Test
    void whoWasStoppedForLongSaysSo() {
        assertThat(lookAfter(14 * HALF))
                .hasToString(
                        "rank 1 (a, process 11) was itself stopped or starved for 7 s, so that the others have given it up");
    }

    @Test
    void nobodyIsExpectedBeforeTheStart() {
        Hearing early = new Hearing(1, 3, Duration.ofSeconds(5), 0);
        assertThat(early.judge(100 * HALF)).isNull();
    }
}
