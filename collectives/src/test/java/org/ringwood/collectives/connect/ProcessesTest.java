package org.ringwood.collectives.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ringwood.collectives.TestJvm;
import org.ringwood.collectives.TransportChoice;
import org.ringwood.collectives.files.StaleFiles;
import org.ringwood.collectives.mpi.OpenMpi;

/** Ranks that are processes of their own, some of which end badly. */
class ProcessesTest {
    private static final int RANKS = 3;
    private static final long PATIENT = 60_000;
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private final List<Rank> ranks = new ArrayList<>();

    private record Rank(Process process, BufferedReader output) {
        /** The next line; a process that ended without one fails the test. */
        String line() throws IOException {
            String line = output.readLine();
            assertThat(line).as("output of process " + process.pid()).isNotNull();
            return String.valueOf(line);
        }

        void signal(String name) throws Exception {
            assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                            .start()
                            .waitFor())
                    .isZero();
        }
    }

    private void start(String what, TransportChoice transport, long peerMillis) throws IOException {
        start(what, transport, peerMillis, List.of("n1", "n1", "n1"));
    }

    private void start(String what, TransportChoice transport, long peerMillis, List<String> nodes) throws IOException {
        int port = freePort();
        for (int rank = 0; rank < RANKS; rank++) {
            ProcessBuilder builder = new ProcessBuilder(TestJvm.command(
                    List.of(),
                    System.getProperty("java.class.path"),
                    GroupProcess.class,
                    what,
                    transport.name(),
                    Long.toString(peerMillis)));
            builder.redirectError(Redirect.INHERIT);
            builder.environment().keySet().removeIf(name -> name.startsWith("PMI") || name.startsWith("OMPI"));
            builder.environment()
                    .putAll(Map.of(
                            "RANK",
                            Integer.toString(rank),
                            "WORLD_SIZE",
                            Integer.toString(RANKS),
                            "LOCAL_RANK",
                            Integer.toString(rank),
                            "MASTER_ADDR",
                            "127.0.0.1",
                            "MASTER_PORT",
                            Integer.toString(port),
                            "RINGWOOD_TOKEN",
                            "of this test",
                            "SLURMD_NODENAME",
                            nodes.get(rank)));
            Process process = builder.start();
            ranks.add(new Rank(
                    process,
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))));
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void awaitReady() throws IOException {
        for (Rank rank : ranks) {
            assertThat(rank.line()).startsWith(GroupProcess.READY);
        }
    }

    private List<Path> filesOfRanks() throws IOException {
        try (Stream<Path> files = Files.list(SHARED_MEMORY)) {
            return files.filter(file -> ranks.stream()
                            .anyMatch(rank -> file.getFileName().toString().contains("-" + rank.process.pid() + "-")))
                    .toList();
        }
    }

    @AfterEach
    void endProcesses() throws InterruptedException {
        for (Rank rank : ranks) {
            rank.process.destroyForcibly().waitFor();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"AUTO", "SHM", "AERON"})
    void computeTogether(TransportChoice transport) throws Exception {
        start("collectives", transport, PATIENT);
        for (Rank rank : ranks) {
            assertThat(rank.line()).isEqualTo(GroupProcess.DONE);
            assertThat(rank.process.waitFor()).isZero();
        }
        assertThat(filesOfRanks()).isEmpty();
    }

    @Test
    void computeTogetherOverTwoNodes() throws Exception {
        start("collectives", TransportChoice.AUTO, PATIENT, List.of("n1", "n2", "n1"));
        for (Rank rank : ranks) {
            assertThat(rank.line()).isEqualTo(GroupProcess.DONE);
        }
    }

    @Test
    void sharedMemoryDoesNotReachAnotherNode() throws Exception {
        start("collectives", TransportChoice.SHM, PATIENT, List.of("n1", "n2", "n1"));
        for (Rank rank : ranks) {
            assertThat(rank.line())
                    .startsWith(GroupProcess.FAILED)
                    .contains("transport shm reaches the ranks of one node, and these are on n1, n2");
        }
    }

    @Test
    void mpiMustHaveStartedTheRanks() throws Exception {
        assumeTrue(OpenMpi.missing().isEmpty(), () -> OpenMpi.missing().orElse(""));
        start("collectives", TransportChoice.MPI, PATIENT);
        for (Rank rank : ranks) {
            assertThat(rank.line())
                    .startsWith(GroupProcess.FAILED)
                    .contains("MPI takes this process for rank 0 of 1, but the job has 3 ranks (WORLD_SIZE=3)")
                    .contains("srun --mpi=pmix", "mpirun");
        }
    }

    @Test
    void aKilledRankIsNamedByAllOthersAndLeavesNothing() throws Exception {
        start("wait", TransportChoice.SHM, PATIENT);
        awaitReady();
        ranks.get(1).process.destroyForcibly();
        for (int survivor : List.of(0, 2)) {
            assertThat(ranks.get(survivor).line())
                    .startsWith(GroupProcess.FAILED + "rank 1 (")
                    .contains("process " + ranks.get(1).process.pid(), "ended without leaving");
            assertThat(ranks.get(survivor).process.waitFor()).isZero();
        }
        assertThat(filesOfRanks()).isEmpty();
    }

    @Test
    void aKilledRankZeroIsNamedByAllOthers() throws Exception {
        start("wait", TransportChoice.SHM, PATIENT);
        awaitReady();
        ranks.get(0).process.destroyForcibly();
        for (int survivor : List.of(1, 2)) {
            assertThat(ranks.get(survivor).line()).startsWith(GroupProcess.FAILED + "rank 0 (");
        }
    }

    @Test
    void aStoppedRankIsSilentAndFailsWhenItComesBack() throws Exception {
        start("wait", TransportChoice.SHM, 4_000);
        awaitReady();
        ranks.get(2).signal("STOP");
        String verdict = ranks.get(0).line();
        assertThat(verdict).startsWith(GroupProcess.FAILED + "rank 2 (").contains("was silent for 4 s");
        assertThat(ranks.get(1).line()).isEqualTo(verdict);
        ranks.get(2).signal("CONT");
        assertThat(ranks.get(2).line()).isEqualTo(verdict);
    }

    @Test
    void whatAllKilledRanksLeftIsSweptByTheNext() throws Exception {
        start("allocate-and-wait", TransportChoice.SHM, PATIENT);
        awaitReady();
        for (Rank rank : ranks) {
            rank.process.destroyForcibly().waitFor();
        }
        Path left = Files.createFile(SHARED_MEMORY.resolve(nameOf(ranks.get(0).process)));
        StaleFiles.sweep(SHARED_MEMORY);
        assertThat(left).doesNotExist();
        assertThat(filesOfRanks()).isEmpty();
    }

    /** As if it had been killed between making and mapping a file. */
    private static String nameOf(Process ended) {
        long own = ProcessHandle.current().pid();
        return StaleFiles.nameOfOwn("shm", "left").replace("-" + own + "-", "-" + ended.pid() + "-");
    }
}
