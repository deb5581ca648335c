package org.ringwood.runtime.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Jobs of two nodes with two ranks each, whose nodes and links have faults. Results are compared with those of an undisturbed run. Two tests run
 * at a time, as they mostly wait for Slurm, and those that disturb nodes have their own.
 */
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
    /** Longer than a rank may be starved while all start at once. */
    private static final String SILENCE = "15s";
    /** What is said of a rank that is cut off: Aeron's own patience is shorter. */
    private static final String LOST = " was (silent for 15 s|not heard by rank \\d over Aeron for too long)";

    @TempDir
    static Path directory;

    private TestCluster cluster;
    private String calmDigest = "";

    @BeforeAll
    void start() throws Exception {
        cluster = TestCluster.start("namespaces", 6, directory);
        // Rates hold for both networks, so that no test may find the second half made.
        cluster.script("fabric", "2", "0.02", "20261122").requireSuccess();
        BatchJob calm = on("n1,n2").job("calm", text("calm", "60s"));
        assertCompleted(calm.await());
        calmDigest = calm.digest("calm.safetensors");
    }

    @AfterAll
    void stop() throws Exception {
        if (cluster != null) {
            cluster.stop();
            assertThat(cluster.processes()).isEmpty();
        }
    }

    @Test
    void aFabricThatIsSlowAndLosesFramesChangesNoBit() throws Exception {
        cluster.script("rate", "n2", "50mbit").requireSuccess();
        BatchJob lossy = on("n1,n2").where("RINGWOOD_INTERFACE", "fab0").job("lossy", text("lossy", "60s"));
        assertCompleted(lossy.await());
        assertThat(lossy.digest("lossy.safetensors")).isEqualTo(calmDigest);
        cluster.script("rate", "n2", "none").requireSuccess();
    }

    /** Nodes that share no memory, so that it has to use the network. */
    @Test
    void mpiCarriesTheSameBitsBetweenNodes() throws Exception {
        BatchJob mpi = on("n1,n2").job("mpi", text("mpi", "60s"), "transport=mpi");
        assertCompleted(mpi.await());
        assertThat(mpi.text()).contains("launch: pmix");
        assertThat(mpi.digest("mpi.safetensors")).isEqualTo(calmDigest);
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aJobThatLosesANodeRunsAgainAndGivesTheSameBits() throws Exception {
        cluster.script("rate", "n4", SLOW).requireSuccess();
        BatchJob job = on("n3,n4").job("crash", text("crash", SILENCE));
        job.awaitMiddle("crash.safetensors");
        cluster.script("crash", "n4").requireSuccess();
        job.awaitRequeue();
        // All ranks start at once on a busy machine, and nothing is to be silent any more.
        Files.writeString(cluster.jobs().resolve("crash.yaml"), text("crash", "60s"));
        cluster.script("rate", "n4", "none").requireSuccess();
        cluster.script("boot", "n4").requireSuccess();
        BatchJob.End end = job.await();
        assertCompleted(end);
        assertThat(end.log()).contains("start 1 on").containsPattern("rank [23] \\(n4, process \\d+\\)" + LOST);
        assertThat(job.digest("crash.safetensors")).isEqualTo(calmDigest);
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void nodesThatCannotReachEachOtherAreNamed() throws Exception {
        cluster.script("rate", "n6", SLOW).requireSuccess();
        BatchJob job = on("n5,n6").where("RINGWOOD_RESTARTS", "0").job("cut", text("cut", SILENCE));
        job.awaitMiddle("cut.safetensors");
        cluster.script("cut", "n6").requireSuccess();
        BatchJob.End end = job.await();
        assertThat(end.state()).as(end.log()).isEqualTo("FAILED");
        assertThat(end.log()).containsPattern("rank [23] \\(n6, process \\d+\\)" + LOST);
        assertThat(cluster.jobs().resolve("cut.safetensors")).doesNotExist();
    }

    private static void assertCompleted(BatchJob.End end) {
        assertThat(end.state()).as(end.log()).isEqualTo("COMPLETED");
    }

    private Submission on(String nodes) {
        return cluster.attention("--nodelist=" + nodes, "--nodes=2", "--ntasks-per-node=2");
    }

    private static String text(String output, String silence) {
        return JOB.replace("${SILENCE}", silence).replace("${OUTPUT}", output);
    }
}
