package org.ringwood.runtime.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.cluster.LocalCoordination;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

/** Ranks of a job as threads, on devices and nodes that no real job would have here. */
class RankProgramTest {
    private static final String NONCE = "nonce";
    private static final Topology PAIR = Topology.singleNode(2);

    @TempDir
    private Path directory;

    @Test
    void aWrongResultIsFoundAndNotWritten() throws Exception {
        List<End> ends = run(PAIR, "output: out.npy", (rank, out) -> {
            if (rank == 1) {
                out.set(7, 1, 2, out.get(7, 1, 2) + 0.1f);
            }
        });
        assertThat(ends).extracting(End::status).containsOnly(ExitStatus.VERIFICATION_FAILED);
        assertThat(ExitStatus.VERIFICATION_FAILED.code()).isEqualTo(3);
        assertThat(ends)
                .extracting(RankProgramTest::sentence)
                .allSatisfy(sentence -> assertThat(sentence)
                        .startsWith("verification failed: ring differs from the oracle by 1.0")
                        .contains("no output was written"));
        assertThat(directory).isEmptyDirectory();
    }

    /** The kernel itself says that the disk is full: the unfinished file has become a link to the device that always is. */
    @Test
    void aDiskThatFillsWhileTheResultIsWrittenEndsTheJob() throws Exception {
        Path unfinished = directory.resolve(".out.safetensors." + NONCE + ".part");
        List<End> ends = run(PAIR, "output: out.safetensors", (rank, _) -> {
            if (rank == 0) {
                Files.delete(unfinished);
                Files.createSymbolicLink(unfinished, Path.of("/dev/full"));
            }
        });
        assertThat(ends).extracting(End::status).containsOnly(ExitStatus.BAD_INPUT);
        assertThat(ends)
                .extracting(RankProgramTest::sentence)
                .allSatisfy(sentence -> assertThat(sentence)
                        .contains("out.safetensors cannot be written", "No space left on device", "free space"));
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aRankWithoutMemoryIsNamed() throws Exception {
        List<End> ends = run(PAIR, "output: out.npy", (rank, _) -> {
            if (rank == 1) {
                throw new OutOfMemoryError("Java heap space");
            }
        });
        assertThat(ends).extracting(End::status).containsOnly(ExitStatus.BAD_INPUT);
        assertThat(ends)
                .extracting(RankProgramTest::sentence)
                .allSatisfy(sentence ->
                        assertThat(sentence).startsWith("rank 1 ").contains("no memory left", "Java heap space"));
        assertThat(directory).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    a a a | shm   | shm
                    a b c | aeron | aeron
                    a a b | auto  | shm within a machine, aeron between machines
                    """)
    void theReportNamesTransportAndDeviceThatAutoTook(String nodes, String transport, String told) throws Exception {
        run(new Topology(List.of(nodes.split(" "))), "report: report.json", (_, _) -> {});
        Map<String, Object> report = JSON.std.mapFrom(Files.readString(directory.resolve("report.json")));
        assertThat(report)
                .extracting("job")
                .asInstanceOf(MAP)
                .containsEntry("transport", transport)
                .containsEntry("device", "scalar");
        assertThat(report.get("auto"))
                .asString()
                .contains("key=transport, value=" + told)
                .contains("key=device, value=scalar");
    }

    @Test
    @SuppressWarnings("unchecked")
    void workFollowsTheSpeedsThatAreListed() throws Exception {
        run(PAIR, "speeds: [1, 3]\nreport: report.json", (_, _) -> {});
        Map<String, Object> report = JSON.std.mapFrom(Files.readString(directory.resolve("report.json")));
        List<Map<String, Number>> ranks = (List<Map<String, Number>>) report.getOrDefault("ranks", List.of());
        double first = ranks.getFirst().getOrDefault("flops", 0).doubleValue();
        double second = ranks.getLast().getOrDefault("flops", 0).doubleValue();
        // By hand: 205 and 615 of the 820 pairs, and a row of up to 40 more or less.
        assertThat(second / first).isBetween(575.0 / 245, 655.0 / 165);
    }

    @Test
    void ranksWithMoreThreadsAreMeasured() throws Exception {
        List<End> ends =
                run(PAIR, "report: report.json", (_, _) -> {}, rank -> Devices.open(Devices.Kind.CPU, 1 + rank));
        assertThat(ends).extracting(End::status).containsOnly(ExitStatus.DONE);
        Map<String, Object> report = JSON.std.mapFrom(Files.readString(directory.resolve("report.json")));
        assertThat(report.get("auto"))
                .asString()
                .containsPattern(
                        "key=speeds, value=(equal|\\[\\d+, \\d+\\]), because=measured: [0-9.e+-]+, [0-9.e+-]+ GFLOP/s")
                .contains("key=threads, value=[1, 2]");
        assertThat(report.get("job")).asString().contains("threads=auto").doesNotContain("speeds=auto");
    }

    private interface Fate {
        void befall(int rank, Tensor out) throws Exception;
    }

    private List<End> run(Topology topology, String more, Fate fate) {
        return run(topology, more, fate, _ -> Devices.open(Devices.Kind.SCALAR, 1));
    }

    private List<End> run(Topology topology, String more, Fate fate, IntFunction<Device> devices) {
        Job job = JobFile.parse(
                "attention: {schedule: ring, mask: causal}\ninput: {random: {tokens: 40, heads: 2, dim: 8}}\nverify: all\n"
                        + more + "\n",
                directory.resolve("job.yaml"),
                List.of(),
                Map.of());
        List<ProcessGroup> groups = ProcessGroups.inProcess(topology, job.timeouts());
        List<LocalCoordination> coordination =
                LocalCoordination.of(groups.size(), groups.getFirst().liveness(), "here");
        AtomicReferenceArray<End> ends = new AtomicReferenceArray<>(groups.size());
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        RankThreads.run(groups, group -> {
            int rank = group.rank();
            Voice voice = rank == 0 ? Voice.on(nowhere) : Voice.silent();
            try (Device whole = devices.apply(rank)) {
                Device device = new TamperedDevice(whole, out -> fate.befall(rank, out));
                ends.set(rank, new RankProgram(job, coordination.get(rank), group, NONCE, voice).run(device));
            }
        });
        return IntStream.range(0, groups.size()).mapToObj(ends::get).toList();
    }

    private static String sentence(End end) {
        return end.failure().map(JobFailure::sentence).orElse("");
    }
}
