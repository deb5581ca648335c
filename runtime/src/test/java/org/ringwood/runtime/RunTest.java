package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.pool.CpuList;

/** Whole jobs in processes of their own. */
class RunTest {
    private static final String JOB = """
            workers: 3
            device: cpu
            attention: {schedule: ring, partition: zigzag, mask: causal}
            input: {random: {tokens: 203, heads: 3, kvHeads: 2, dim: 20, dimV: 12}}
            timeouts: {peer: 60s}
            output: out.safetensors
            verify: all
            report: report.json
            """;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"shm, 'ring, double-ring, tree'", "aeron, 'ulysses, hybrid, gather'", "auto, auto"})
    void resultsAreVerifiedAndReported(String transport, String schedules) throws Exception {
        try (LaunchedProgram run = run(
                job(JOB),
                "--set",
                "transport=" + transport,
                "--set",
                "attention.schedule=[" + schedules + "]",
                "--set",
                "attention.partition=auto")) {
            assertThat(run.await()).as(run.err()).isZero();
            Map<String, Object> report = report();
            assertThat(report).containsEntry("schema", 1);
            List<Map<String, Object>> ran = list(report, "schedules");
            if (!schedules.equals("auto")) {
                assertThat(ran).extracting(schedule -> schedule.get("schedule")).containsExactly((Object[])
                        schedules.split(", "));
            }
            for (Map<String, Object> schedule : ran) {
                assertThat(schedule).as("verify: all compares every pair").containsEntry("pairs", 203 * 3);
                assertThat(run.out()).contains(String.valueOf(schedule.get("schedule")));
            }
            assertThat(map(report, "job"))
                    .containsEntry("transport", transport.equals("auto") ? "shm" : transport)
                    .containsEntry("device", "cpu");
            assertThat(list(report, "ranks"))
                    .extracting(rank -> rank.get("pid"))
                    .doesNotHaveDuplicates()
                    .hasSize(3);
            assertThat(directory.resolve("out.safetensors")).isNotEmptyFile();
            assertThat(run.leftovers()).isEmpty();
        }
    }

    @Test
    void processesAndThreadsComputeTheSameBits() throws Exception {
        Path job = job(JOB);
        byte[] ofProcesses;
        try (LaunchedProgram run = run(job)) {
            assertThat(run.await()).as(run.err()).isZero();
            ofProcesses = Files.readAllBytes(directory.resolve("out.safetensors"));
        }
        try (LaunchedProgram run = run(job, "--set", "transport=inprocess")) {
            assertThat(run.await()).as(run.err()).isZero();
            assertThat(Files.readAllBytes(directory.resolve("out.safetensors"))).isEqualTo(ofProcesses);
            assertThat(list(report(), "ranks"))
                    .extracting(rank -> rank.get("pid"))
                    .containsOnly((int) run.pid());
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void ranksKeepToTheirPartOfTheCpus() throws Exception {
        CpuList allowed = CpuList.allowed().orElseThrow();
        int workers = Math.min(2, allowed.size());
        try (LaunchedProgram run = run(job(JOB), "--set", "workers=" + workers, "--set", "cpus=\"" + allowed + "\"")) {
            assertThat(run.await()).as(run.err()).isZero();
            List<Map<String, Object>> ranks = list(report(), "ranks");
            assertThat(ranks).hasSize(workers);
            for (int rank = 0; rank < workers; rank++) {
                assertThat(String.valueOf(ranks.get(rank).get("device")))
                        .endsWith("on cpus " + allowed.part(rank, workers));
            }
        }
    }

    @Test
    void twoJobsShareAMachine() throws Exception {
        Path one = job(JOB);
        Path other = Files.writeString(
                directory.resolve("other.yaml"), JOB.replace("out.s", "other.s").replace("report.json", "other.json"));
        try (LaunchedProgram first = run(one);
                LaunchedProgram second = run(other, "--set", "transport=aeron")) {
            assertThat(first.await()).as(first.err()).isZero();
            assertThat(second.await()).as(second.err()).isZero();
            assertThat(directory.resolve("out.safetensors"))
                    .hasSameBinaryContentAs(directory.resolve("other.safetensors"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    input={q: no.npy, k: no.npy, v: no.npy}       | no.npy
                    atention.schedule=ring                        | atention
                    attention.mask={slices: [[0, 9, 0, 9, full], [5, 7, 5, 7, full]]} | attention.mask
                    output=no/such/directory/out.npy              | directory does not exist
                    transport=mpi                                 | mpi
                    network.interface=nosuch0                     | nosuch0
                    cpus=8000-8002                                | is not among those that this process may use
                    workers=auto                                  | --set workers=4
                    """)
    void badInputEndsWithOneSentence(String setting, String culprit) throws Exception {
        try (LaunchedProgram run = run(job(JOB), "--set", setting)) {
            assertThat(run.await()).as(run.err()).isEqualTo(2);
            assertThat(run.complaints())
                    .as("one sentence")
                    .singleElement()
                    .asString()
                    .startsWith("ringwood: ")
                    .contains(culprit);
            assertNothingIsLeft(run);
        }
    }

    @Test
    void notANumberIsFoundByTheRankThatLoadsIt() throws Exception {
        for (String name : List.of("q", "k", "v")) {
            NpyFile.write(directory.resolve(name + ".npy"), 40, 2, 8, name.equals("v") ? 39 : -1);
        }
        try (LaunchedProgram run = run(job(JOB), "--set", "input={q: q.npy, k: k.npy, v: v.npy}")) {
            assertThat(run.await()).as(run.err()).isEqualTo(2);
            assertThat(run.complaints()).singleElement().asString().contains("v.npy", "NaN", "[39, 0, 0]");
            assertNothingIsLeft(run);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "auto"})
    void ranksThatOthersStartFindEachOther(String workers) throws Exception {
        Path job = job(JOB);
        int port = freePort();
        try (LaunchedProgram zero = worker(0, port, job, "workers=" + workers);
                LaunchedProgram one = worker(1, port, job, "workers=" + workers)) {
            assertThat(zero.await()).as(zero.err()).isZero();
            assertThat(one.await()).as(one.err()).isZero();
            assertThat(zero.out()).contains("ring");
            assertThat(one.out()).isEmpty();
        }
    }

    @Test
    void fixedPortsHoldForEveryRank() throws Exception {
        Path job = job(JOB);
        int first = twoFreePorts();
        int unused = freePort();
        String ports = "network.ports=" + first;
        try (LaunchedProgram zero = worker(0, unused, job, "workers=2", ports)) {
            try (ServerSocket taken = new ServerSocket(first + 1, 1, InetAddress.getLoopbackAddress());
                    LaunchedProgram one = worker(1, unused, job, "workers=2", ports)) {
                assertThat(one.await()).as(one.err()).isEqualTo(2);
                assertThat(one.complaints())
                        .singleElement()
                        .asString()
                        .contains("rank 1 cannot listen at 127.0.0.1:" + taken.getLocalPort(), "network.ports");
            }
            try (LaunchedProgram one = worker(1, unused, job, "workers=2", ports)) {
                assertThat(one.await()).as(one.err()).isZero();
                assertThat(zero.await()).as(zero.err()).isZero();
            }
        }
    }

    @Test
    void portsThatDoNotExistAreRefused() throws Exception {
        try (LaunchedProgram zero = worker(0, freePort(), job(JOB), "workers=auto", "network.ports=65535")) {
            assertThat(zero.await()).as(zero.err()).isEqualTo(2);
            assertThat(zero.complaints())
                    .singleElement()
                    .asString()
                    .contains("network.ports", "2 ranks would need the ports 65535 to 65536");
        }
    }

    @Test
    void ranksWithDifferentJobsNameEachOther() throws Exception {
        Path job = job(JOB);
        int port = freePort();
        try (LaunchedProgram zero = worker(0, port, job, "workers=2");
                LaunchedProgram one = worker(1, port, job, "workers=2", "attention.softcap=3")) {
            assertThat(zero.await()).as(zero.err()).isEqualTo(2);
            assertThat(one.await()).as(one.err()).isEqualTo(2);
            for (LaunchedProgram rank : List.of(zero, one)) {
                assertThat(rank.err()).contains("rank 1", "rank 0", "different jobs");
            }
        }
    }

    @Test
    void ranksWithoutMemoryForTheirShardsSaySo() throws Exception {
        Path job = job(JOB);
        int port = freePort();
        String[] settings = {
            "workers=2",
            "transport=aeron",
            "attention.mask=full",
            "output=none",
            // More than there are addresses.
            "input={random: {tokens: 8, queries: 10000000000000, heads: 1, dim: 16}}"
        };
        try (LaunchedProgram zero = worker(0, port, job, settings);
                LaunchedProgram one = worker(1, port, job, settings)) {
            for (LaunchedProgram rank : List.of(zero, one)) {
                assertThat(rank.await()).as(rank.err()).isEqualTo(2);
                assertThat(rank.err()).contains("bytes of native memory", "use more workers");
            }
        }
    }

    @Test
    void aNumberOfWorkersThatContradictsTheLauncherIsRefused() throws Exception {
        try (LaunchedProgram alone = worker(0, freePort(), job(JOB))) {
            assertThat(alone.await()).isEqualTo(2);
            assertThat(alone.err()).contains("workers: 3", "2 ranks");
        }
    }

    private LaunchedProgram run(Path job, String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("run", job.toString()));
        arguments.addAll(List.of(options));
        return LaunchedProgram.ringwood(directory, arguments.toArray(String[]::new));
    }

    private LaunchedProgram worker(int rank, int port, Path job, String... settings) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(job.toString()));
        arguments.addAll(List.of(settings));
        Map<String, String> environment = Map.of(
                "RANK",
                Integer.toString(rank),
                "WORLD_SIZE",
                "2",
                "LOCAL_RANK",
                Integer.toString(rank),
                "MASTER_ADDR",
                "127.0.0.1",
                "MASTER_PORT",
                Integer.toString(port),
                "RINGWOOD_TOKEN",
                "secret of " + directory);
        return LaunchedProgram.worker(directory, environment, arguments.toArray(String[]::new));
    }

    /** The first of two. */
    private static int twoFreePorts() throws IOException {
        Optional<Integer> first = Optional.empty();
        while (first.isEmpty()) {
            first = Optional.of(freePort()).filter(port -> isFree(port + 1));
        }
        return first.get();
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException taken) {
            return false;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Path job(String text) throws IOException {
        return Files.writeString(directory.resolve("job.yaml"), text);
    }

    private Map<String, Object> report() throws IOException {
        return JSON.std.mapFrom(Files.readString(directory.resolve("report.json")));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Map<String, Object> object, String key) {
        return (Map<String, Object>) Objects.requireNonNull(object.get(key));
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> list(Map<String, Object> object, String key) {
        return (List<Map<String, Object>>) Objects.requireNonNull(object.get(key));
    }

    private void assertNothingIsLeft(LaunchedProgram run) throws IOException {
        assertThat(run.leftovers()).isEmpty();
        try (var files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.contains("out.") || name.contains("report"));
        }
    }
}
