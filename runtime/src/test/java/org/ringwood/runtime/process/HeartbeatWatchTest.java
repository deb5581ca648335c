package org.ringwood.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Timeouts;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

class HeartbeatWatchTest {
    private static final Duration LONG = Duration.ofSeconds(100);
    private static final Duration SHORT = Duration.ofSeconds(2);

    private final JobDirectory directory = JobDirectory.create();
    private final Supervisor supervisor = new Supervisor(
            "here", _ -> Optional.empty(), (process, _) -> process.destroy(), Optional.empty(), Optional.empty());

    @BeforeEach
    void expectBeats() {
        directory.expectBeats(0);
        directory.expectBeats(1);
    }

    @AfterEach
    void leaveNothingBehind() throws IOException {
        supervisor.close();
        directory.delete();
    }

    @Test
    void whoBeatsNoMoreIsNamedAndEndsTheJob() throws Exception {
        start("exec sleep 1000");
        Process silent = start("exec sleep 1000");
        directory.beat(1);
        try (Heartbeat _ = new Heartbeat(directory, 0)) {
            assertThat(lost(new Timeouts(LONG, SHORT, LONG, Optional.empty())))
                    .isEqualTo(new Failure(
                            1,
                            "here",
                            silent.pid(),
                            Failure.Cause.SILENT,
                            "was silent for 2 s (is it stopped or starved?)"));
        }
    }

    @Test
    void whoNeverBeatsDidNotStart() throws Exception {
        start("exec sleep 1000");
        try (Heartbeat _ = new Heartbeat(directory, 1)) {
            assertThat(lost(new Timeouts(SHORT, LONG, LONG, Optional.empty())).toString())
                    .startsWith("rank 0 (here")
                    .contains("did not start within 2 s", "timeouts.join");
        }
    }

    private Process start(String script) {
        return supervisor.start(new ProcessBuilder("sh", "-c", script));
    }

    private Failure lost(Timeouts timeouts) throws InterruptedException {
        try (HeartbeatWatch _ = new HeartbeatWatch(directory, supervisor, timeouts, Duration.ZERO)) {
            JobFailure failure = supervisor.await().orElseThrow();
            assertThat(failure.status()).isEqualTo(ExitStatus.PEER_LOST);
            return failure.failure();
        }
    }
}
