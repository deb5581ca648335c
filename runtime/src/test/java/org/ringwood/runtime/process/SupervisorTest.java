package org.ringwood.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

class SupervisorTest {
    private static final String FOR_EVER = "exec sleep 1000";

    private final Map<Integer, JobFailure> verdicts = new HashMap<>();
    private final List<Long> told = new ArrayList<>();
    private Supervisor supervisor = supervisor(Optional.empty());

    private Supervisor supervisor(Optional<Duration> limit) {
        return new Supervisor(
                "here",
                rank -> Optional.ofNullable(verdicts.get(rank)),
                (process, _) -> {
                    told.add(process.pid());
                    process.destroy();
                },
                limit,
                Optional.of(Duration.ofSeconds(60)));
    }

    @AfterEach
    void leaveNothingBehind() {
        supervisor.close();
    }

    @Test
    void allEndWell() throws Exception {
        start("exit 0");
        start("exit 0");
        assertThat(supervisor.await()).isEmpty();
        assertThat(told).isEmpty();
    }

    @Test
    void whoWasKilledIsTheCauseAndTheOthersAreTold() throws Exception {
        Process bystander = start(FOR_EVER);
        Process killed = start("kill -9 $$");
        assertThat(supervisor.await())
                .contains(new JobFailure(
                        new Failure(
                                1,
                                "here",
                                killed.pid(),
                                Failure.Cause.DIED,
                                "was killed by signal 9 (by someone, or by the system for want of memory)"),
                        ExitStatus.PEER_LOST));
        assertThat(told).containsExactly(bystander.pid());
        assertThat(bystander.isAlive()).isFalse();
    }

    @Test
    void whatTheFirstSaysOfItsEndCounts() throws Exception {
        start(FOR_EVER);
        JobFailure verdict = new JobFailure(
                new Failure(1, "here", 7, Failure.Cause.ERROR, "q.npy is missing"), ExitStatus.BAD_INPUT);
        verdicts.put(1, verdict);
        start("exit 2");
        assertThat(supervisor.await()).contains(verdict);
    }

    @Test
    void whoDoesNotListenIsKilled() throws Exception {
        Process deaf = start("trap '' TERM; while true; do sleep 1000; done");
        start("exit 70");
        Optional<JobFailure> failure = supervisor.await();
        assertThat(failure.map(JobFailure::status)).contains(ExitStatus.INTERNAL);
        assertThat(failure.map(JobFailure::sentence))
                .hasValueSatisfying(sentence -> assertThat(sentence).contains("rank 1", "ended with exit code 70"));
        assertThat(deaf.isAlive()).isFalse();
    }

    @Test
    void whoWasStoppedAndFoundSilentIsKilled() throws Exception {
        Process stopped = start(FOR_EVER);
        signal("STOP", stopped);
        JobFailure silence =
                JobFailure.of(new Failure(0, "here", stopped.pid(), Failure.Cause.SILENT, "was silent for 5 s"));
        verdicts.put(1, silence);
        start("exit 4");
        assertThat(supervisor.await()).contains(silence);
        assertThat(stopped.isAlive()).isFalse();
    }

    @Test
    void whoEndsNotEvenAfterTheDeadlineIsNamedAndKilled() throws Exception {
        supervisor = supervisor(Optional.of(Duration.ofMillis(50)));
        Process stopped = start(FOR_EVER);
        signal("STOP", stopped);
        assertThat(supervisor.await())
                .hasValueSatisfying(failure -> assertThat(failure)
                        .extracting(
                                JobFailure::status,
                                each -> each.failure().rank(),
                                each -> each.failure().pid())
                        .containsExactly(ExitStatus.STALLED, 0, stopped.pid()));
        assertThat(stopped.isAlive()).isFalse();
    }

    @Test
    void aSignalToTheLauncherEndsAll() throws Exception {
        Process running = start(FOR_EVER);
        supervisor.end(JobFailure.of(new Failure(-1, "?", 0, Failure.Cause.CANCELLED, "was asked to end")));
        assertThat(running.isAlive()).isFalse();
        assertThat(supervisor.await()).isPresent();
    }

    @Test
    void aProgramThatIsNotThereIsBadInput() {
        assertThatThrownBy(() -> supervisor.start(new ProcessBuilder("/no/such/program")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("/no/such/program");
    }

    private Process start(String script) {
        return supervisor.start(new ProcessBuilder("sh", "-c", script));
    }

    private static void signal(String name, Process process) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }
}
