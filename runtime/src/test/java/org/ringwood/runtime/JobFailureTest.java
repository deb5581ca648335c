package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs that are disturbed in the middle of a computation that would take minutes. */
@Timeout(110)
class JobFailureTest {
    private static final String JOB = """
            workers: 3
            device: scalar
            attention: {schedule: ring, mask: full}
            input: {random: {tokens: 60000, heads: 2, kvHeads: 2, dim: 64}}
            timeouts: {peer: 60s}
            output: out.safetensors
            verify: none
            report: report.json
            """;

    @TempDir
    Path directory;

    private Path job;

    @BeforeEach
    void writeJob() throws IOException {
        job = Files.writeString(directory.resolve("job.yaml"), JOB);
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @CsvSource({
        "KILL, 1, shm, was killed by signal 9",
        "KILL, 0, aeron, was killed by signal 9",
        "STOP, 2, shm, was silent",
        "STOP, 0, shm, was silent"
    })
    void aLostWorkerIsNamedAndEndsTheJob(String signal, int rank, String transport, String fate) throws Exception {
        try (LaunchedProgram run = run("--set", "transport=" + transport, "--set", "timeouts.peer=5s")) {
            run.awaitMiddle(directory, "out.safetensors");
            ProcessHandle victim = run.workers().get(rank);
            LaunchedProgram.signal(signal, victim);
            assertThat(run.await()).as(run.err()).isEqualTo(4);
            assertThat(run.err()).contains("rank " + rank + " (", "process " + victim.pid(), fate);
            assertAllIsGone(run);
        }
    }

    /** Who has no peers has its launcher. */
    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aStoppedWorkerThatIsAloneIsNamedToo() throws Exception {
        try (LaunchedProgram run = run("--set", "workers=1", "--set", "timeouts.peer=3s")) {
            run.awaitMiddle(directory, "out.safetensors");
            ProcessHandle victim = run.workers().getFirst();
            LaunchedProgram.signal("STOP", victim);
            assertThat(run.await()).as(run.err()).isEqualTo(4);
            assertThat(run.err()).contains("rank 0 (", "process " + victim.pid(), "was silent for 3 s");
            assertAllIsGone(run);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void workersDoNotOutliveTheirLauncher() throws Exception {
        try (LaunchedProgram run = run()) {
            run.awaitMiddle(directory, "out.safetensors");
            run.signal("KILL");
            run.awaitWorkers();
            assertAllIsGone(run);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void workersThatAreAllKilledLeaveNothing() throws Exception {
        try (LaunchedProgram run = run()) {
            run.awaitMiddle(directory, "out.safetensors");
            run.workers().forEach(worker -> LaunchedProgram.signal("KILL", worker));
            assertThat(run.await()).as(run.err()).isEqualTo(4);
            assertAllIsGone(run);
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @CsvSource({"TERM, shm, 143", "TERM, inprocess, 143", "INT, shm, 130"})
    void aSignalToTheLauncherEndsTheJobInOrder(String signal, String transport, int code) throws Exception {
        assumeThat(LaunchedProgram.ignores(signal))
                .as("this shell lets its programs ignore SIG" + signal)
                .isFalse();
        try (LaunchedProgram run = run("--set", "transport=" + transport)) {
            run.awaitMiddle(directory, "out.safetensors");
            run.signal(signal);
            assertThat(run.await()).as(run.err()).isEqualTo(code);
            assertAllIsGone(run);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aSignalToAWorkerEndsTheJobInOrder() throws Exception {
        try (LaunchedProgram run = run()) {
            run.awaitMiddle(directory, "out.safetensors");
            LaunchedProgram.signal("TERM", run.workers().get(1));
            assertThat(run.await()).as(run.err()).isEqualTo(143);
            assertThat(run.err()).contains("rank 1 (", "asked to end by a signal");
            assertAllIsGone(run);
        }
    }

    /** While ranks meet, while kernels run, and while results are verified. */
    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @CsvSource({"1ms, shm, device=scalar", "4s, inprocess, device=scalar", "8s, shm, device=cpu"})
    void theDeadlineEndsTheJob(String deadline, String transport, String device) throws Exception {
        try (LaunchedProgram run = run(
                "--set",
                "timeouts.job=" + deadline,
                "--set",
                "transport=" + transport,
                "--set",
                device,
                "--set",
                "threads=1",
                "--set",
                "input.random.tokens=20000",
                "--set",
                "verify=all")) {
            assertThat(run.await()).as(run.err()).isEqualTo(5);
            assertThat(run.err()).contains("deadline", "timeouts.job");
            assertAllIsGone(run);
        }
    }

    private LaunchedProgram run(String... options) throws IOException {
        String[] arguments = new String[options.length + 2];
        arguments[0] = "run";
        arguments[1] = job.toString();
        System.arraycopy(options, 0, arguments, 2, options.length);
        return LaunchedProgram.ringwood(directory, arguments);
    }

    private void assertAllIsGone(LaunchedProgram run) throws IOException {
        run.awaitWorkers();
        assertThat(run.leftovers()).isEmpty();
        try (var files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.contains("out.safetensors") || name.contains("report.json"));
        }
    }
}
