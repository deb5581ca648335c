package org.ringwood.collectives.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.collectives.TransportChoice;
import org.ringwood.collectives.mpi.MpiBinding;
import org.ringwood.collectives.mpi.OpenMpi;

/** Ranks that mpirun has started and that find each other by its variables; some end badly in the middle of large messages. */
class MpirunTest {
    private static final int RANKS = 3;
    private static final long PATIENT = 60_000;

    /** mpirun gives survivors so many seconds; a busy machine needs more than its one. */
    private static final List<String> GRACE = List.of("--mca", "odls_base_sigkill_timeout", "3");

    private static final List<String> SOCKETS = List.of("--mca", "btl", "tcp,self");

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void endAll() throws InterruptedException {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    private BufferedReader start(
            MpiBinding binding, List<String> options, String what, TransportChoice transport, long peerMillis)
            throws IOException {
        OpenMpi.missing(binding).ifPresent(reason -> assumeTrue(false, reason));
        return start(OpenMpi.mpirun(options, RANKS, program(binding, what, transport, peerMillis)));
    }

    private static List<String> program(MpiBinding binding, String what, TransportChoice transport, long peerMillis) {
        return OpenMpi.program(binding, GroupProcess.class, what, transport.name(), Long.toString(peerMillis));
    }

    private BufferedReader start(ProcessBuilder builder) throws IOException {
        Process mpirun = builder.redirectErrorStream(true).start();
        started.add(mpirun);
        return new BufferedReader(new InputStreamReader(mpirun.getInputStream(), StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @EnumSource(names = {"FOREIGN", "JAVA"})
    void computeTogether(MpiBinding binding) throws Exception {
        List<String> lines = start(binding, List.of(), "collectives", TransportChoice.MPI, PATIENT)
                .lines()
                .toList();
        assertThat(lines).containsExactly(GroupProcess.DONE, GroupProcess.DONE, GroupProcess.DONE);
        assertThat(started.getFirst().waitFor()).isZero();
    }

    /** Two ranks of one node and one of another. */
    @Test
    void computeTogetherOverTwoNodes() throws Exception {
        OpenMpi.missing().ifPresent(reason -> assumeTrue(false, reason));
        List<String> program = program(MpiBinding.FOREIGN, "collectives", TransportChoice.SHM_MPI, PATIENT);
        List<String> lines = start(OpenMpi.mpirunOnNodes(List.of(RANKS - 1, 1), program))
                .lines()
                .toList();
        assertThat(lines).containsExactly(GroupProcess.DONE, GroupProcess.DONE, GroupProcess.DONE);
    }

    @ParameterizedTest
    @EnumSource(names = {"FOREIGN", "JAVA"})
    void aKilledRankIsNamedByAllOthers(MpiBinding binding) throws Exception {
        assertNamed("KILL", start(binding, GRACE, "exchange", TransportChoice.MPI, PATIENT), "ended without leaving");
    }

    @Test
    void aRankThatIsKilledBetweenHostsIsNamedByAllOthers() throws Exception {
        List<String> options = new ArrayList<>(GRACE);
        options.addAll(SOCKETS);
        assertNamed(
                "KILL",
                start(MpiBinding.FOREIGN, options, "exchange", TransportChoice.MPI, PATIENT),
                "ended without leaving");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStoppedRankIsNamedByAnother(boolean sockets) throws Exception {
        List<String> options = sockets ? SOCKETS : List.of();
        assertNamed(
                "STOP",
                start(MpiBinding.FOREIGN, options, "exchange", TransportChoice.MPI, 4_000),
                "was silent for 4 s");
    }

    /** The first of the others to end with a failure lets mpirun end the rest, so only one is sure to be heard. */
    private void assertNamed(String signal, BufferedReader output, String why) throws Exception {
        Map<Integer, Long> pids = new TreeMap<>();
        while (pids.size() < RANKS) {
            String line = nextLine(output);
            if (line.startsWith(GroupProcess.READY)) {
                String[] words = line.split(" ", -1);
                pids.put(Integer.valueOf(words[1]), Long.valueOf(words[2]));
            }
        }
        String pid = String.valueOf(pids.get(1));
        assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor())
                .isZero();
        List<String> sentences = output.lines()
                .filter(line -> line.startsWith(GroupProcess.FAILED))
                .toList();
        assertThat(sentences)
                .isNotEmpty()
                .allSatisfy(sentence -> assertThat(sentence)
                        .startsWith(GroupProcess.FAILED + "rank 1 (")
                        .contains("process " + pid, why));
        assertThat(started.getFirst().waitFor()).isNotZero();
    }

    private static String nextLine(BufferedReader output) throws IOException {
        String line = output.readLine();
        assertThat(line).as("output of mpirun").isNotNull();
        return String.valueOf(line);
    }
}
