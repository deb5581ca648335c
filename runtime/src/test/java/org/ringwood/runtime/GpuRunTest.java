package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.collectives.mpi.MpiBinding;
import org.ringwood.collectives.mpi.OpenMpi;
import org.ringwood.kernels.SoftmaxState;

/** Whole jobs whose workers compute on a GPU, or rather on the emulation of one: each process has its own. */
class GpuRunTest {
    private static final String JOB = """
            workers: auto
            device: cuda
            attention: {schedule: ring, partition: zigzag, mask: causal}
            input: {random: {tokens: 203, heads: 3, kvHeads: 2, dim: 20, dimV: 12}}
            timeouts: {peer: 60s}
            output: out.safetensors
            verify: all
            report: report.json
            """;

    private static final long QUERIES = 203L * 3 * 20 * 4;
    private static final long BLOCKS = 203L * 2 * (20 + 12) * 4;

    @TempDir
    Path directory;

    @BeforeAll
    static void build() throws IOException, InterruptedException {
        EmulatedGpus.build();
    }

    private LaunchedProgram run(Map<String, String> environment, String... settings) throws IOException {
        Path job = Files.writeString(directory.resolve("job.yaml"), JOB);
        String[] arguments = new String[2 + 2 * settings.length];
        arguments[0] = "run";
        arguments[1] = job.toString();
        for (int i = 0; i < settings.length; i++) {
            arguments[2 + 2 * i] = "--set";
            arguments[3 + 2 * i] = settings[i];
        }
        return LaunchedProgram.ringwood(directory, environment, arguments);
    }

    @ParameterizedTest
    @CsvSource({"4, shm, 'ring, tree, hybrid', cuda", "2, aeron, 'ulysses, gather', auto"})
    void resultsAreVerified(int workers, String transport, String schedules, String device) throws Exception {
        try (LaunchedProgram run = run(
                EmulatedGpus.environment(),
                "workers=" + workers,
                "transport=" + transport,
                "attention.schedule=[" + schedules + "]",
                "attention.partition=auto",
                "device=" + device)) {
            assertThat(run.await()).as(run.err()).isZero();
            Map<String, Object> report = report(workers);
            assertThat(String.valueOf(report.get("auto")).contains("the fastest device here"))
                    .isEqualTo(device.equals("auto"));
            assertThat(report.get("auto"))
                    .asString()
                    .contains("by way of the host", "cuIpcGetMemHandle answers CUDA_ERROR_NOT_SUPPORTED");
            assertThat(run.leftovers()).isEmpty();
        }
    }

    /**
     * Over the bus go queries, the keys and values of every rank's blocks, the output, and little that launches are told: nothing twice, and no state. Work
     * of the devices is done when somebody waits for it, and not before.
     */
    @Test
    void aRingCopiesEachBlockOnceAndNoState() throws Exception {
        Path counts = Files.createDirectory(directory.resolve("counts"));
        Map<String, String> environment = new HashMap<>(EmulatedGpus.environment());
        environment.put("RINGWOOD_EMULATION_COUNTS", counts.toString());
        environment.put("RINGWOOD_EMULATION_DEFERRED", "1");
        try (LaunchedProgram run =
                run(environment, "workers=3", "transport=shm", "attention.mask=full", "deviceMemory=64MiB")) {
            assertThat(run.await()).as(run.err()).isZero();
            Map<String, Object> report = report(3);
            assertThat(report.get("job")).asString().contains("deviceMemory=64MiB");
            assertThat(report.get("ranks")).asString().contains("no GPU, at most 64 MiB");
        }
        assertBusCarried(counts, QUERIES + 3 * BLOCKS);
    }

    /** Blocks come from the device of the rank before, and go over no bus but the links between devices; each process's memory is its own, which others open. */
    @Test
    void blocksGoFromDeviceToDeviceWithinANode() throws Exception {
        Path counts = Files.createDirectory(directory.resolve("counts"));
        Map<String, String> environment = new HashMap<>(EmulatedGpus.environment());
        environment.put("RINGWOOD_EMULATION_COUNTS", counts.toString());
        environment.put("RINGWOOD_EMULATION_DEFERRED", "1");
        environment.put("RINGWOOD_EMULATION_SHARED", "1");
        try (LaunchedProgram run = run(environment, "workers=3", "transport=shm", "attention.mask=full")) {
            assertThat(run.await()).as(run.err()).isZero();
            assertThat(run.err()).doesNotContain("that another process has open were freed");
            assertThat(report(3).get("auto")).asString().contains("from GPU to GPU");
            assertThat(run.leftovers()).isEmpty();
        }
        assertBusCarried(counts, QUERIES + BLOCKS, 2 * BLOCKS);
    }

    @ParameterizedTest
    @CsvSource({"4, 'ring, tree, hybrid', shm", "3, 'ulysses, gather, double-ring', aeron"})
    void resultsFromDeviceToDeviceAreVerified(int workers, String schedules, String transport) throws Exception {
        Path counts = Files.createDirectory(directory.resolve("counts"));
        Map<String, String> environment = new HashMap<>(EmulatedGpus.environment());
        environment.put("RINGWOOD_EMULATION_COUNTS", counts.toString());
        environment.put("RINGWOOD_EMULATION_SHARED", "1");
        try (LaunchedProgram run = run(
                environment,
                "workers=" + workers,
                "transport=" + transport,
                "attention.schedule=[" + schedules + "]")) {
            assertThat(run.await()).as(run.err()).isZero();
            assertThat(run.err()).doesNotContain("that another process has open were freed");
            report(workers);
        }
        assertThat(counted(counts))
                .hasSize(workers)
                .allSatisfy(bytes -> assertThat(bytes.ofOthers()).isPositive());
    }

    /** What a process's device has copied. */
    private record Copied(long toDevice, long toHost, long ofOthers) {}

    private static List<Copied> counted(Path counts) throws IOException {
        List<Copied> all = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(counts)) {
            for (Path file : files) {
                Scanner bytes = new Scanner(Files.readString(file));
                all.add(new Copied(bytes.nextLong(), bytes.nextLong(), bytes.nextLong()));
            }
        }
        return all;
    }

    /** The others have its memory open, and messages from it under way. */
    @Test
    void aWorkerThatIsKilledWhileItsGpuIsReadIsNamed() throws Exception {
        Map<String, String> environment = new HashMap<>(EmulatedGpus.environment());
        environment.put("RINGWOOD_EMULATION_SHARED", "1");
        try (LaunchedProgram run = run(
                environment,
                "workers=3",
                "transport=shm",
                "attention.mask=full",
                "verify=none",
                "input.random.tokens=60000")) {
            run.awaitMiddle(directory, "out.safetensors");
            ProcessHandle victim = run.workers().get(1);
            ProcessHandle reader = run.workers().get(2);
            run.awaitWhileItRuns(() -> !Collections.disjoint(memoryOfDevices(victim), memoryOfDevices(reader)));
            LaunchedProgram.signal("KILL", victim);
            assertThat(run.await()).as(run.err()).isEqualTo(4);
            assertThat(run.err()).contains("rank 1 (", "process " + victim.pid(), "was killed by signal 9");
            assertThat(run.leftovers()).isEmpty();
        }
    }

    /** The emulated devices' memory that a process has mapped, by the system's names of it. */
    private static Set<String> memoryOfDevices(ProcessHandle process) throws IOException {
        try (Stream<String> maps = Files.lines(Path.of("/proc", Long.toString(process.pid()), "maps"))) {
            return maps.filter(line -> line.contains("ringwood-emulated-device"))
                    .map(line -> line.split(" +", 6)[4])
                    .collect(Collectors.toSet());
        }
    }

    private static void assertBusCarried(Path counts, long tensors) throws IOException {
        assertBusCarried(counts, tensors, 0);
    }

    /** On three devices: so many bytes of tensors to them, the output back, from each other what they have, and little more. */
    private static void assertBusCarried(Path counts, long tensors, long fromOthers) throws IOException {
        List<Copied> all = counted(counts);
        assertThat(all).hasSize(3);
        long toDevice = all.stream().mapToLong(Copied::toDevice).sum();
        long toHost = all.stream().mapToLong(Copied::toHost).sum();
        long ofOthers = all.stream().mapToLong(Copied::ofOthers).sum();
        long output = 203L * 3 * (12 + 1) * 4;
        long little = 8192;
        assertThat(SoftmaxState.bytes(203, 3, 12)).as("states would show").isGreaterThan(little);
        assertThat(toDevice).isBetween(tensors, tensors + little);
        assertThat(toHost).isBetween(output, output + little);
        assertThat(ofOthers).isEqualTo(fromOthers);
    }

    @Test
    void aJobThatTakesMoreThanItsDeviceMemoryIsRefused() throws Exception {
        try (LaunchedProgram run = run(EmulatedGpus.environment(), "workers=2", "deviceMemory=64KiB")) {
            assertThat(run.await()).isEqualTo(2);
            assertThat(run.err())
                    .contains("cuda:0, emulation on the CPU, no GPU", "of a budget of 64 KiB 64 KiB are left");
        }
    }

    /** On as many ranks as mpirun starts: their tensors are in memory that both MPI and the device reach. */
    @ParameterizedTest
    @CsvSource({"FOREIGN, 2, double-ring", "JAVA, 4, hybrid"})
    void resultsOverMpiAreVerified(MpiBinding binding, int ranks, String schedule) throws Exception {
        runOverMpi(binding, ranks, EmulatedGpus.environment(), "attention.schedule=" + schedule);
        report(ranks);
    }

    private void runOverMpi(MpiBinding binding, int ranks, Map<String, String> environment, String... settings)
            throws Exception {
        OpenMpi.missing(binding).ifPresent(reason -> assumeTrue(false, reason));
        Path job = Files.writeString(directory.resolve("job.yaml"), JOB);
        List<String> arguments = new ArrayList<>(List.of("run", job.toString(), "--set", "transport=mpi"));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        List<String> program = OpenMpi.program(binding, Launcher.class, arguments.toArray(String[]::new));
        ProcessBuilder mpirun = OpenMpi.mpirun(List.of(), ranks, program);
        mpirun.environment().putAll(environment);
        Path log = directory.resolve("log");
        assertThat(OpenMpi.run(mpirun, log)).as(Files.readString(log)).isZero();
    }

    /** As over an MPI that takes memory of a GPU: the emulation's is the host's. */
    private static Map<String, String> cudaAware() {
        Map<String, String> environment = new HashMap<>(EmulatedGpus.environment());
        environment.merge("JAVA_TOOL_OPTIONS", "-Dringwood.mpi.cuda=on", (one, other) -> one + " " + other);
        return environment;
    }

    /** Only what the host has goes over the bus: of keys and values a rank's own. */
    @Test
    void blocksOverAnMpiThatTakesDeviceMemoryStayOnDevices() throws Exception {
        Path counts = Files.createDirectory(directory.resolve("counts"));
        Map<String, String> environment = cudaAware();
        environment.put("RINGWOOD_EMULATION_COUNTS", counts.toString());
        environment.put("RINGWOOD_EMULATION_DEFERRED", "1");
        runOverMpi(MpiBinding.FOREIGN, 3, environment, "attention.mask=full");
        report(3);
        assertBusCarried(counts, QUERIES + BLOCKS);
    }

    /** Messages between memory of devices and that of a rank without one, so small that they travel within control messages where they can; and large ones. */
    @ParameterizedTest
    @CsvSource({"FOREIGN, 24", "JAVA, 203"})
    void messagesGoBetweenDevicesAndHosts(MpiBinding binding, int tokens) throws Exception {
        runOverMpi(
                binding,
                3,
                cudaAware(),
                "device=[cuda, scalar, cuda]",
                "speeds=equal",
                "input.random.tokens=" + tokens,
                "attention.schedule=[ring, ulysses]");
    }

    /** The report of a job whose every rank had a device of its own. */
    private Map<String, Object> report(int ranks) throws IOException {
        Map<String, Object> report = JSON.std.mapFrom(Files.readString(directory.resolve("report.json")));
        assertThat(report).containsEntry("emulated", true);
        assertThat((List<?>) report.get("ranks"))
                .hasSize(ranks)
                .allSatisfy(rank -> assertThat(rank.toString()).contains("cuda:0, emulation on the CPU, no GPU"));
        return report;
    }

    @Test
    void aMachineWithoutADriverIsNamed() throws Exception {
        try (LaunchedProgram run = run(Map.of(), "workers=1")) {
            int status = run.await();
            Assumptions.assumeFalse(status == 0, "this machine has a GPU");
            assertThat(status).isEqualTo(2);
            assertThat(run.err())
                    .contains(
                            "device: no CUDA device: the NVIDIA driver's library libcuda.so.1 can't be loaded; take device cpu");
        }
    }
}
