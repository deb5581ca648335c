package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TrafficLedger.Traffic;
import org.ringwood.kernels.DType;

/** Ranks that a launcher starts on hosts of different names: shared memory within each, Aeron between them. */
class ClusterTest {
    private static final List<String> SCHEDULES = List.of("double-ring", "tree", "gather", "hybrid");

    @TempDir
    Path directory;

    @Test
    void whatCrossesBetweenHostsIsWhatThePlanSays() throws Exception {
        List<String> hosts = List.of("left", "right", "left", "right");
        Path job = Files.writeString(directory.resolve("job.yaml"), """
                workers: auto
                timeouts: {peer: 60s}
                attention: {schedule: %s, partition: contiguous, mask: causal}
                input: {random: {tokens: 203, heads: 4, dim: 16}}
                verify: all
                report: report.json
                """.formatted(SCHEDULES));
        runOn(hosts, 0, "run", job.toString());
        AttentionShape shape = new AttentionShape(203, 203, 4, 4, 16, 16, DType.F32);
        Map<String, Object> report = JSON.std.mapFrom(Files.readString(directory.resolve("report.json")));
        assertThat(report).containsEntry("emulated", true);
        for (int index = 0; index < SCHEDULES.size(); index++) {
            Schedule schedule = Schedules.named(SCHEDULES.get(index));
            Plan plan = schedule.plan(
                    schedule.problem(shape, Mask.causal(203, 203), PartitionRule.CONTIGUOUS, new Topology(hosts)));
            assertThat(sent(report, index))
                    .as(schedule.name())
                    .isEqualTo(plan.predictions().stream()
                            .map(prediction -> prediction.traffic())
                            .map(ClusterTest::sent)
                            .toList());
        }
    }

    private static String sent(Traffic traffic) {
        return traffic.bytesWithinNode() + " within, " + traffic.bytesAcrossNodes() + " across";
    }

    /** Of every rank. */
    @SuppressWarnings("unchecked")
    private static List<String> sent(Map<String, Object> report, int schedule) {
        List<Map<String, Object>> schedules = (List<Map<String, Object>>) report.getOrDefault("schedules", List.of());
        List<Map<String, Object>> ranks =
                (List<Map<String, Object>>) schedules.get(schedule).getOrDefault("ranks", List.of());
        return ranks.stream()
                .map(rank -> (Map<String, Number>) rank.getOrDefault("bytesSent", Map.of()))
                .map(bytes -> sent(new Traffic(
                        bytes.getOrDefault("withinNode", -1).longValue(),
                        bytes.getOrDefault("acrossNodes", -1).longValue(),
                        0,
                        0)))
                .toList();
    }

    @Test
    void theDoctorShowsALineAHost() throws Exception {
        String out = runOn(List.of("left", "right", "left"), 0, "doctor", "--cluster")
                .getFirst();
        assertThat(out.lines().filter(line -> line.matches("[✓✗] +(left|right) .*")))
                .hasSize(2);
        assertThat(out)
                .containsPattern("✓ +left +0,2 ")
                .containsPattern("✓ +right +1 ")
                .contains("127.0.0.1 (lo)");
    }

    @Test
    void theDoctorNamesWhoDoesNotCome() throws Exception {
        try (LaunchedProgram alone =
                start(List.of("left"), 2, "doctor", "--cluster", "--wait", "2").getFirst()) {
            assertThat(alone.await()).as(alone.err()).isEqualTo(4);
            assertThat(alone.complaints()).singleElement().asString().contains("rank 1", "did not join within 2 s");
        }
    }

    @Test
    void theDoctorOfAClusterNeedsALauncher() throws Exception {
        try (LaunchedProgram alone = LaunchedProgram.ringwood(directory, "doctor", "--cluster")) {
            assertThat(alone.await()).isEqualTo(2);
            assertThat(alone.complaints()).singleElement().asString().contains("srun");
        }
    }

    /** What each rank printed. */
    private List<String> runOn(List<String> hosts, int code, String... arguments) throws Exception {
        List<LaunchedProgram> ranks = start(hosts, hosts.size(), arguments);
        try {
            List<String> printed = new ArrayList<>();
            for (LaunchedProgram rank : ranks) {
                assertThat(rank.await()).as(rank.err()).isEqualTo(code);
                printed.add(rank.out());
            }
            return printed;
        } finally {
            ranks.forEach(LaunchedProgram::close);
        }
    }

    private List<LaunchedProgram> start(List<String> hosts, int size, String... arguments) throws IOException {
        int port = freePort();
        List<LaunchedProgram> ranks = new ArrayList<>();
        for (int rank : IntStream.range(0, hosts.size()).toArray()) {
            Map<String, String> environment = new HashMap<>(Map.of(
                    "RANK", Integer.toString(rank),
                    "WORLD_SIZE", Integer.toString(size),
                    "MASTER_ADDR", "127.0.0.1",
                    "MASTER_PORT", Integer.toString(port),
                    "RINGWOOD_TOKEN", "secret of " + directory,
                    "SLURMD_NODENAME", hosts.get(rank),
                    "RINGWOOD_EMULATED", "The hosts: processes of one machine"));
            ranks.add(LaunchedProgram.ringwood(directory, environment, arguments));
        }
        return ranks;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
