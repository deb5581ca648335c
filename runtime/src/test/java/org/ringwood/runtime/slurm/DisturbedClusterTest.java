package org.ringwood.runtime.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs of two nodes with two ranks each, whose nodes and links have faults. Results are compared with those of an undisturbed run. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class DisturbedClusterTest {
    private static final String JOB = """
            workers: auto
            threads: 1
            timeouts: {peer: ${SILENCE}}
            attention: {schedule: ring, mask: full}
            input: {random: {tokens: 4096, heads: 2, kvHeads: 2, dim: 64}}
            output: ${OUTPUT}.safetensors
            verify: {samples: 16}
            """;

    /** What ranks exchange takes about ten seconds at this rate, however fast the machine is. */
    private static final String SLOW = "3mbit";

    @TempDir
    static Path directory;

    private TestCluster cluster;
    private BatchJob calm;

    @BeforeAll
    void start() throws Exception {
        cluster = TestCluster.start("namespaces", 2, directory);
        calm = job("calm", "60s");
    }

    @AfterAll
    void stop() throws Exception {
        if (cluster != null) {
            cluster.stop();
            assertThat(cluster.processes()).isEmpty();
        }
    }

    @AfterEach
    void mend() throws Exception {
        cluster.script("heal").requireSuccess();
        cluster.script("rate", "n2", "none").requireSuccess();
    }

    @Test
    void aFabricThatIsSlowAndLosesFramesChangesNoBit() throws Exception {
        cluster.script("fabric", "2", "0.02", "20261122").requireSuccess();
        cluster.script("rate", "n2", "50mbit").requireSuccess();
        BatchJob lossy = submission().where("RINGWOOD_INTERFACE", "fab0").job("lossy", text("lossy", "60s"));
        assertCompleted(lossy.await());
        assertThat(lossy.digest("lossy.safetensors")).isEqualTo(calmDigest());
    }

    /** Nodes that share no memory, so that it has to use the network. */
    @Test
    void mpiCarriesTheSameBitsBetweenNodes() throws Exception {
        BatchJob mpi = submission().job("mpi", text("mpi", "60s"), "transport=mpi");
        assertCompleted(mpi.await());
        assertThat(mpi.text()).contains("launch: pmix");
        assertThat(mpi.digest("mpi.safetensors")).isEqualTo(calmDigest());
    }

    @Test
    void aJobThatLosesANodeRunsAgainAndGivesTheSameBits() throws Exception {
        calmDigest();
        cluster.script("rate", "n2", SLOW).requireSuccess();
        BatchJob job = job("crash", "5s");
        job.awaitMiddle("crash.safetensors");
        cluster.script("crash", "n2").requireSuccess();
        job.awaitRequeue();
        // The nodes start again all at once, and nothing more is to be silent.
        Files.writeString(cluster.jobs().resolve("crash.yaml"), text("crash", "60s"));
        cluster.script("rate", "n2", "none").requireSuccess();
        cluster.script("boot", "n2").requireSuccess();
        BatchJob.End end = job.await();
        assertCompleted(end);
        assertThat(end.log())
                .contains("start 1 on")
                .containsPattern("rank [23] \\(n2, process \\d+\\) was silent for 5 s");
        assertThat(job.digest("crash.safetensors")).isEqualTo(calmDigest());
    }

    @Test
    void nodesThatCannotReachEachOtherAreNamed() throws Exception {
        calmDigest();
        cluster.script("rate", "n2", SLOW).requireSuccess();
        BatchJob job = submission().where("RINGWOOD_RESTARTS", "0").job("cut", text("cut", "5s"));
        job.awaitMiddle("cut.safetensors");
        cluster.script("cut", "n2").requireSuccess();
        BatchJob.End end = job.await();
        assertThat(end.state()).as(end.log()).isEqualTo("FAILED");
        assertThat(end.log()).containsPattern("rank [23] \\(n2, process \\d+\\) was silent for 5 s");
        assertThat(cluster.jobs().resolve("cut.safetensors")).doesNotExist();
    }

    private String calmDigest() throws Exception {
        assertCompleted(calm.await());
        return calm.digest("calm.safetensors");
    }

    private static void assertCompleted(BatchJob.End end) {
        assertThat(end.state()).as(end.log()).isEqualTo("COMPLETED");
    }

    private Submission submission() {
        return cluster.attention("--nodes=2", "--ntasks-per-node=2");
    }

    private BatchJob job(String name, String silence) throws Exception {
        return submission().job(name, text(name, silence));
    }

    private static String text(String output, String silence) {
        return JOB.replace("${SILENCE}", silence).replace("${OUTPUT}", output);
    }
}
