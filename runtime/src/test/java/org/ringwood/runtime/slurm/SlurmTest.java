package org.ringwood.runtime.slurm;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.collectives.mpi.MpiBinding;
import org.ringwood.collectives.mpi.OpenMpi;
import org.ringwood.runtime.installation.Installation;
import org.ringwood.runtime.sweep.Measurement;
import org.ringwood.runtime.sweep.Results;

/** The batch scripts as they are shipped, submitted to a real Slurm whose nodes share this machine. Jobs that wait are awaited last. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class SlurmTest {
    private static final String JOB = """
            workers: auto
            threads: 1
            timeouts: {peer: 60s}
            attention: {schedule: ring, partition: zigzag, mask: causal}
            input: {random: {tokens: 300, heads: 4, kvHeads: 2, dim: 16}}
            output: ${OUTPUT}.safetensors
            verify: all
            """;

    /** Would take minutes, were it not disturbed. */
    private static final String LONG = """
            workers: auto
            threads: 1
            device: scalar
            timeouts: {peer: 60s}
            attention: {schedule: ring, mask: full}
            input: {random: {tokens: 60000, heads: 2, kvHeads: 2, dim: 64}}
            output: long.safetensors
            verify: none
            """;

    private static final List<String> PROGRAMS = List.of(
            "bash",
            "cat",
            "date",
            "grep",
            "head",
            "base64",
            "mkdir",
            "mpirun",
            "realpath",
            "scontrol",
            "sed",
            "srun",
            "sbatch");

    /** Its last row takes some seconds. */
    private static final String SWEEP = """
            title: Ring on one node and on two
            warmup: 0
            iterations: 2
            axes: {schedules: ring, partitions: contiguous, nodes: [1, 2], workersPerNode: 1, tokens: [64, 2500], heads: 2, dims: 64}
            plot: {x: nodes}
            job: {threads: 1, device: scalar, timeouts: {peer: 60s}, verify: {samples: 4}}
            """;

    @TempDir
    static Path directory;

    private TestCluster cluster;
    private BatchJob late;
    private BatchJob never;
    private BatchJob sole;
    private BatchJob mpi;
    private BatchJob disturbed;
    private CompletableFuture<List<BatchJob>> sweep;

    /** Jobs that mostly wait do so at the same time. */
    @BeforeAll
    void start() throws Exception {
        cluster = TestCluster.start("plain", 4, directory);
        late = withRankOne("late", "sleep 30", "join: 300s");
        never = withRankOne("never", "sleep 1000", "join: 20s");
        disturbed = attention(2, 1).with("--array=7").job("disturbed", job("disturbed"));
        disturbed.awaitLog("start 0 on");
        disturbed.requeue();
        sweep = CompletableFuture.supplyAsync(this::disturbedSweep);
        mpi = overMpi();
        sole = attention(1, 1).job("sole", job("sole"));
    }

    @AfterAll
    void stop() throws Exception {
        if (cluster != null) {
            cluster.stop();
            assertThat(cluster.processes()).isEmpty();
        }
    }

    @Test
    void twoJobsShareNodesAndMpirunStartsTheRanksWhereASiteWantsIt() throws Exception {
        BatchJob wide = attention(4, 1).job("wide", job("wide"));
        BatchJob deep = attention(2, 2)
                .where("RINGWOOD_LAUNCH", "mpirun")
                .where("OMPI_ALLOW_RUN_AS_ROOT", "1")
                .where("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
                .job("deep", job("deep"));
        for (BatchJob job : new BatchJob[] {wide, deep}) {
            BatchJob.End end = job.await();
            assertThat(end.state()).as(end.log()).isEqualTo("COMPLETED");
            String report = Files.readString(cluster.jobs().resolve("ringwood-runs/" + job.id() + "/report.json"));
            assertThat(report).contains("\"workers\" : 4");
        }
        assertThat(wide.text()).contains("launch: none");
        assertThat(deep.text()).contains("launch: mpirun");
        assertThat(deep.digest("deep.safetensors")).isEqualTo(wide.digest("wide.safetensors"));
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void aJobThatIsPutBackIntoTheQueueGivesTheSameBits() throws Exception {
        BatchJob.End end = disturbed.await();
        assertThat(end.state()).as(end.log()).isEqualTo("COMPLETED");
        assertThat(end.log()).contains("start 0 on", "start 1 on");
        assertThat(mpi.await().state()).isEqualTo("COMPLETED");
        assertThat(disturbed.digest("disturbed.safetensors")).isEqualTo(mpi.digest("mpi.safetensors"));
    }

    @Test
    void aJobSaysThatItsTimeIsOver() throws Exception {
        BatchJob job = attention(2, 1).job("over", LONG);
        job.awaitMiddle("long.safetensors");
        job.warn();
        BatchJob.End end = job.await();
        assertThat(end.code()).as(end.log()).isEqualTo(5);
        assertThat(end.log()).contains("sbatch --time", "was asked to end by a signal");
    }

    @Test
    void aKilledRankIsNamedAndEndsTheJob() throws Exception {
        BatchJob job = attention(2, 1).job("killed", LONG.replace("long", "killed"));
        job.awaitMiddle("killed.safetensors");
        long victim = rank(1, "killed.yaml");
        ProcessHandle.of(victim).orElseThrow().destroyForcibly();
        BatchJob.End end = job.await();
        assertThat(end.state()).as(end.log()).isEqualTo("FAILED");
        assertThat(end.log())
                .contains("rank 1 (", "process " + victim + ")", "died")
                .doesNotContain("start 1");
        assertThat(cluster.jobs().resolve("killed.safetensors")).doesNotExist();
    }

    @Test
    void oneTaskIsOneWorker() throws Exception {
        BatchJob.End end = sole.await();
        assertThat(end.state()).as(end.log()).isEqualTo("COMPLETED");
    }

    @Test
    void aJobThatAsksForMpiGetsIt() throws Exception {
        BatchJob.End end = mpi.await();
        assertThat(end.state()).as(end.log()).isEqualTo("COMPLETED");
        assertThat(end.log()).contains("launch: pmix");
    }

    /** The jobs of a sweep; that on two nodes is put back into the queue after it has measured a row, and before it has all. */
    private List<BatchJob> disturbedSweep() {
        try {
            List<BatchJob> jobs = new Submission(cluster, "scaling.sbatch")
                    .job("sweep", SWEEP)
                    .submitted("ringwood-1-nodes", "ringwood-2-nodes", "ringwood-plot");
            BatchJob wide = jobs.get(1);
            wide.awaitThat("measure a row", () -> measured().anyMatch(row -> row.nodes() == 2));
            wide.warn();
            return jobs;
        } catch (IOException | InterruptedException failed) {
            throw new AssertionError(failed);
        }
    }

    private Stream<Measurement> measured() {
        return Results.read(cluster.jobs().resolve("sweep-results")).rows().stream();
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void aSweepThatIsPutBackIntoTheQueueGoesOnWithTheRowsThatAreMissingAndIsDrawn() throws Exception {
        for (BatchJob job : sweep.join()) {
            BatchJob.End end = job.await();
            assertThat(end.state()).as(end.log()).isEqualTo("COMPLETED");
        }
        assertThat(sweep.join().get(1).text()).contains("queued to run again, restart 1 of 10", "start 1 on");
        List<String> rows = measured()
                .map(row -> row.nodes() + " nodes, " + row.tokens() + " tokens: " + row.iteration())
                .toList();
        assertThat(rows).as("each is measured once").hasSize(2 * 2 * 2).doesNotHaveDuplicates();
        Set<String> runs =
                measured().filter(row -> row.nodes() == 2).map(Measurement::run).collect(Collectors.toSet());
        assertThat(runs).as("one before and one after").hasSize(2);

        Path results = cluster.jobs().resolve("sweep-results");
        assertThat(results.resolve("index.html"))
                .content()
                .contains("Ring on one node and on two", "Efficiency against one worker", "time [")
                .contains(runs);
        assertThat(results.resolve("figures/sweep-2500-tokens-time.svg"))
                .content()
                .contains(">ring</text>", "<polyline");
    }

    @ParameterizedTest
    @CsvSource({
        "mpirun, mpirun, no mpirun on the PATH",
        "pmix, srun, no srun on the PATH",
        "slurm, none, is none of auto"
    })
    void aLauncherThatIsMissingIsNamed(String launch, String missing, String complaint) throws Exception {
        BatchJob.End end = attention(1, 1)
                .where("RINGWOOD_LAUNCH", launch)
                .where("PATH", pathWithout(missing))
                .job("no-" + launch, job("none"))
                .await();
        assertThat(end.code()).as(end.log()).isEqualTo(2);
        assertThat(end.log()).contains(complaint, "RINGWOOD_LAUNCH=" + launch);
    }

    @Test
    void anInterfaceThatNoNodeHasIsNamed() throws Exception {
        BatchJob.End end = attention(2, 1)
                .where("RINGWOOD_INTERFACE", "ib7")
                .job("interface", job("none"))
                .await();
        assertThat(end.code()).as(end.log()).isEqualTo(2);
        assertThat(end.log()).contains("no interface 'ib7'");
    }

    /** The nodes have names that only Slurm knows, which the batch script asks and a bare srun does not. */
    @Test
    void aNodeListThatDoesNotResolveIsNamed() throws Exception {
        Files.writeString(cluster.jobs().resolve("bare.yaml"), job("bare"));
        TestCluster.Outcome outcome = cluster.run(
                Map.of(), "srun", "-N2", cluster.home().resolve("ringwood").toString(), "run", "bare.yaml");
        assertThat(outcome.code()).as(outcome.text()).isEqualTo(2);
        assertThat(outcome.text()).contains("rank 0's host 'n", "is not known on this host", "set MASTER_ADDR");
    }

    @ParameterizedTest
    @CsvSource({"--gres=gpu:2, 0 1", "--gpus-per-task=1, 0 1", "--gres=gpu:1, 0"})
    void everyTaskHasAGpuOfItsOwn(String option, String numbers) throws Exception {
        int tasks = numbers.split(" ", -1).length;
        String script = cluster.home().resolve("slurm/task.sh").toString();
        String said = cluster.run(
                        Map.of(),
                        "srun",
                        "-N2",
                        "--ntasks-per-node=" + tasks,
                        option,
                        script,
                        "sh",
                        "-c",
                        "echo node $SLURM_NODEID has $CUDA_VISIBLE_DEVICES")
                .requireSuccess();
        for (String number : numbers.split(" ", -1)) {
            assertThat(said.lines()).contains("node 0 has " + number, "node 1 has " + number);
        }
        assertThat(said.lines().distinct()).hasSize(2 * tasks);
    }

    @Test
    void moreTasksThanGpusAreRefused() throws Exception {
        String script = cluster.home().resolve("slurm/task.sh").toString();
        TestCluster.Outcome outcome =
                cluster.run(Map.of(), "srun", "-N1", "--ntasks-per-node=3", "--gres=gpu:2", script, "true");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.text()).contains("task 2 has none of its 2 GPUs", "one task a GPU");
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void aWorkerThatStartsLateIsWaitedFor() throws Exception {
        BatchJob.End end = late.await();
        assertThat(end.state()).as(end.log()).isEqualTo("COMPLETED");
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void aWorkerThatNeverStartsIsNamed() throws Exception {
        BatchJob.End end = never.await();
        assertThat(end.state()).as(end.log()).isEqualTo("FAILED");
        assertThat(end.log()).contains("rank 1", "timeouts.join");
    }

    @Test
    void theScriptsAreCleanShell() throws Exception {
        Path slurm = Installation.checkout().resolve("slurm");
        TestCluster.Outcome outcome = cluster.run(
                Map.of(),
                "shellcheck",
                "--external-sources",
                slurm.resolve("attention.sbatch").toString(),
                slurm.resolve("scaling.sbatch").toString(),
                slurm.resolve("task.sh").toString(),
                slurm.resolve("test-cluster/cluster").toString());
        assertThat(outcome.code()).as(outcome.text()).isZero();
    }

    private static String job(String output) {
        return JOB.replace("${OUTPUT}", output);
    }

    /** By Open MPI's Java bindings where they can be had; {@link DisturbedClusterTest} has the other way. */
    private BatchJob overMpi() throws Exception {
        Submission submission = attention(2, 1);
        if (OpenMpi.missing(MpiBinding.JAVA).isEmpty()) {
            Installation.addJavaBindings(cluster.home());
            submission.where("JDK_JAVA_OPTIONS", "-D" + MpiBinding.PROPERTY + "=java");
        }
        return submission.job("mpi", job("mpi") + "transport: mpi\n");
    }

    private Submission attention(int nodes, int tasksPerNode) {
        return cluster.attention("--nodes=" + nodes, "--ntasks-per-node=" + tasksPerNode);
    }

    /** A job of two ranks, of which the second finds a Java that does something else first. */
    private BatchJob withRankOne(String name, String something, String timeout) throws Exception {
        Path jdk = directory.resolve("jdk-" + name);
        Path real = Path.of(System.getProperty("java.home"));
        Files.createDirectories(jdk.resolve("bin"));
        Files.copy(real.resolve("release"), jdk.resolve("release"));
        Installation.program(jdk.resolve("bin/javac"), "exit 1");
        Installation.program(
                jdk.resolve("bin/java"),
                "[ \"${SLURM_STEP_ID:-}:$SLURM_PROCID\" != 0:1 ] || %s\nexec %s \"$@\""
                        .formatted(something, real.resolve("bin/java")));
        return attention(2, 1)
                .where("RINGWOOD_JAVA_HOME", jdk.toString())
                .job(name, job(name).replace("timeouts: {", "timeouts: {" + timeout + ", "));
    }

    private static long rank(int rank, String file) {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.map(ProcessHandle::pid)
                    .filter(process -> TestCluster.environment(process).contains("\0SLURM_PROCID=" + rank + "\0"))
                    .filter(process -> commandLine(process).contains("Launcher\0run\0" + file))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no process is rank " + rank + " of " + file));
        }
    }

    private static String commandLine(long process) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process), "cmdline"), ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    /** What the batch script calls, but for one program. */
    private static String pathWithout(String missing) throws IOException {
        Path programs = Files.createDirectory(directory.resolve("programs-without-" + missing));
        for (String program : PROGRAMS) {
            if (!program.equals(missing)) {
                Installation.program(programs.resolve(program), "exec /usr/bin/" + program + " \"$@\"");
            }
        }
        return programs.toString();
    }
}
