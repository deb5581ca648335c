package org.ringwood.runtime.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.Weights;
import org.ringwood.collectives.PortRange;
import org.ringwood.collectives.Timeouts;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.tensors.Layout;

class JobFileTest {
    private static final Path FILE = Path.of("/jobs/a/job.yaml");

    private static final String WHOLE = """
            workers: 4
            threads: 2
            cpus: 4-5,1
            device: cuda
            deviceMemory: 1536MiB
            transport: shm
            network: {interface: eth0, ports: 4000}
            timeouts: {join: 30s, peer: 4500ms, stall: 2min, job: 1h}
            attention:
              schedule: [ring, tree]
              partition: zigzag
              mask:
                causal: true
                window: {left: 15, right: 2, sinks: 4}
                queryDocuments: [0, 1, 1, 4]
                keyDocuments: [0, 2, 2, 9]
              scale: 0.125
              softcap: 30
            input:
              tensors: ../b/qkv.safetensors
              names: {q: layer.q}
              layout: bhtd
            output: out.safetensors
            verify: all
            report: /tmp/report.json
            trace: none
            """;

    private static Job job(String text, String... settings) {
        return JobFile.parse(text, FILE, List.of(settings), Map.of("DATA", "/data", "RUN", "7"));
    }

    private static String minimal(String more) {
        return "attention: {mask: causal}\ninput: {random: {tokens: 8, heads: 2, dim: 4}}\n" + more;
    }

    static List<Path> readyMadeJobs() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("..", "cluster-configs"))) {
            return files.filter(file -> file.toString().endsWith(".yaml")).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("readyMadeJobs")
    void readyMadeJobsAreJobs(Path file) throws IOException {
        Job job = JobFile.parse(Files.readString(file), file, List.of(), Map.of());
        try (Inputs inputs = Inputs.open(job)) {
            assertThat(inputs.queries().shape().tokens()).isPositive();
        }
    }

    @Test
    void readsEveryKey() {
        Job job = job(WHOLE);
        assertThat(job.workers()).isEqualTo(OptionalInt.of(4));
        assertThat(job.threads()).isEqualTo(OptionalInt.of(2));
        assertThat(job.cpus()).isEqualTo(new CpuList(List.of(4, 5, 1)));
        assertThat(job.devices()).containsExactly(Devices.Kind.CUDA);
        assertThat(job.deviceMemory()).hasValue(1536L << 20);
        assertThat(job.transport()).isEqualTo(Job.Transport.SHM);
        assertThat(job.network()).isEqualTo(new Job.Network(Optional.of("eth0"), new PortRange(4000)));
        assertThat(job.timeouts())
                .isEqualTo(new Timeouts(
                        Duration.ofSeconds(30),
                        Duration.ofMillis(4500),
                        Duration.ofMinutes(2),
                        Optional.of(Duration.ofHours(1))));
        assertThat(job.attention().schedules()).containsExactly(Job.Schedule.RING, Job.Schedule.TREE);
        assertThat(job.attention().partition()).isEqualTo(Job.Partition.ZIGZAG);
        assertThat(job.attention().mask())
                .isEqualTo(new MaskSpec.Combined(
                        true,
                        Optional.of(new MaskSpec.Window(15, 2, 4)),
                        Optional.of(new MaskSpec.Documents(
                                new MaskSpec.Offsets(List.of(0L, 1L, 1L, 4L), Optional.empty()),
                                new MaskSpec.Offsets(List.of(0L, 2L, 2L, 9L), Optional.empty())))));
        assertThat(job.attention().scale()).hasValue(0.125);
        assertThat(job.attention().softcap()).isEqualTo(30);
        assertThat(job.input())
                .isEqualTo(new Input.Safetensors(
                        Path.of("/jobs/b/qkv.safetensors"), "layer.q", "k", "v", Optional.of(Layout.BHTD)));
        assertThat(job.output()).contains(Path.of("/jobs/a/out.safetensors"));
        assertThat(job.verify()).isEqualTo(new Verify.All());
        assertThat(job.report()).contains(Path.of("/tmp/report.json"));
        assertThat(job.trace()).isEmpty();
    }

    @Test
    void fillsInDefaults() {
        Job job = job(minimal(""));
        assertThat(job.workers()).isEmpty();
        assertThat(job.cpus()).isEqualTo(CpuList.NONE);
        assertThat(job.devices()).containsExactly(Devices.Kind.AUTO);
        assertThat(job.deviceMemory()).isEmpty();
        assertThat(job.timeouts()).isEqualTo(Timeouts.DEFAULT);
        assertThat(job.attention().schedules()).containsExactly(Job.Schedule.AUTO);
        assertThat(job.attention().mask()).isEqualTo(MaskSpec.CAUSAL);
        assertThat(job.attention().scale()).isEmpty();
        assertThat(job.input()).isEqualTo(new Input.Random(8, 8, 2, 2, 4, 4, DType.F32, 1, 1));
        assertThat(job.verify()).isEqualTo(new Verify.Samples(256));
        assertThat(job.output()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"auto; ''", "3; 3", "[3]; 3", "'[0, 1, 8]'; 0-1,8", "[0-3]; 0-3", "\"5,4\"; 5,4"})
    void cpusAreAListOrARange(String value, String expected) {
        assertThat(job(minimal("cpus: " + value + "\n")).cpus()).hasToString(expected);
    }

    @Test
    void everyKeyOfAttentionHasADefault() {
        String input = "input: {random: {tokens: 8, heads: 2, dim: 4}}\n";
        assertThat(job(input)).isEqualTo(job("attention: {}\n" + input));
        assertThat(job(input).attention().mask()).isEqualTo(MaskSpec.FULL);
    }

    @Test
    void aFileThatIsReadIsNotWrittenOver(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("cu.yaml"), "[0, 3, 8]");
        Path data = Files.createFile(directory.resolve("data.npy"));
        Files.createSymbolicLink(directory.resolve("q.npy"), data);
        Files.createSymbolicLink(directory.resolve("same"), directory);
        String masked = "attention: {mask: {documents: cu.yaml}}\ninput: {random: {tokens: 8, heads: 2, dim: 4}}\n";
        String arrays = "input: {q: q.npy, k: k.npy, v: v.npy}\n";
        for (String text : List.of(
                masked + "report: cu.yaml\n",
                masked + "trace: same/cu.yaml\n",
                arrays + "output: data.npy\n",
                arrays + "output: same/q.npy\n",
                arrays + "report: r.json\ntrace: same/r.json\n")) {
            assertThatThrownBy(() -> JobFile.parse(text, directory.resolve("job.yaml"), List.of(), Map.of()))
                    .as(text)
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("would write over");
        }
    }

    @Test
    void devicesAndSpeedsAreForAllOrForEach() {
        assertThat(job(minimal("")).speeds()).isEqualTo(new Speeds.Auto());
        assertThat(job(minimal("speeds: equal\n")).speeds()).isEqualTo(new Speeds.Equal());
        assertThat(job(minimal("speeds: measured\n")).speeds()).isEqualTo(new Speeds.Measured());
        Job job = job(minimal("workers: 3\nspeeds: [2, 2, 6]\ndevice: [cpu, cpu, cuda]\n"));
        assertThat(job.speeds()).isEqualTo(new Speeds.Given(Weights.of(List.of(1, 1, 3))));
        assertThat(job.device(1)).isEqualTo(Devices.Kind.CPU);
        assertThat(job.device(2)).isEqualTo(Devices.Kind.CUDA);
        assertThat(job(job.text())).isEqualTo(job);
        assertThat(job(minimal("device: scalar\n")).device(7)).isEqualTo(Devices.Kind.SCALAR);
    }

    @Test
    void listsFitTheWorkersThatALauncherStarted() {
        Job speeds = job(minimal("speeds: [1, 2]\n"));
        assertThatCode(() -> speeds.requireFits(2)).doesNotThrowAnyException();
        assertThatThrownBy(() -> speeds.requireFits(1))
                .isInstanceOf(InputException.class)
                .hasMessage("speeds lists 2, but there is 1 worker: list one for each, in the order of ranks, or give a"
                        + " word for all");
        Job devices = job(minimal("device: [cpu, auto]\n"));
        assertThatThrownBy(() -> devices.requireFits(3))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("device lists 2, but there are 3 workers: ");
    }

    @Test
    void readsSlices() {
        Job job = job(minimal(""), "attention.mask={slices: [[0, 4, 0, 8, full], [4, 8, 0, 8, bi-causal]]}");
        assertThat(job.attention().mask())
                .isEqualTo(new MaskSpec.Slices(
                        List.of(
                                new MaskRule.Rectangle(0, 4, 0, 8, Slice.Kind.FULL),
                                new MaskRule.Rectangle(4, 8, 0, 8, Slice.Kind.BI_CAUSAL)),
                        Optional.empty()));
    }

    @Test
    void settingsWinOverTheFileAndLaterOnesOverEarlierOnes() {
        Job job = job(
                WHOLE,
                "workers=2",
                "workers=3",
                "attention.schedule=gather",
                "timeouts.job=none",
                "network.ports=0",
                "trace=t.json",
                "attention.mask.window.left=7");
        assertThat(job.workers()).hasValue(3);
        assertThat(job.attention().schedules()).containsExactly(Job.Schedule.GATHER);
        assertThat(job.timeouts().job()).isEmpty();
        assertThat(job.network()).isEqualTo(new Job.Network(Optional.of("eth0"), PortRange.FREE));
        assertThat(job.trace()).contains(Path.of("/jobs/a/t.json"));
        assertThat(((MaskSpec.Combined) job.attention().mask()).window()).contains(new MaskSpec.Window(7, 2, 4));
    }

    @Test
    void expandsVariablesInPaths() {
        Job job = job(minimal("output: ${DATA}/run${RUN}/$5.npy\n"));
        assertThat(job.output()).contains(Path.of("/data/run7/$5.npy"));
    }

    @Test
    void theTextReadsBackAsTheSameJob() {
        for (String text : List.of(WHOLE, minimal(""), minimal("output: \"a \\\"b\\\" \\\\ #.npy\"\n"))) {
            Job job = job(text);
            Job again = JobFile.parse(job.text(), Path.of("/elsewhere/x.yaml"), List.of(), Map.of());
            assertThat(again).isEqualTo(job);
            assertThat(again.text()).isEqualTo(job.text());
            assertThat(again.digest()).isEqualTo(job.digest());
        }
        Job resolved = job(minimal(""))
                .resolved(
                        3,
                        OptionalInt.empty(),
                        List.of(Devices.Kind.CUDA, Devices.Kind.CPU, Devices.Kind.CPU),
                        new Speeds.Given(Weights.of(List.of(12, 1, 1))),
                        Job.Transport.SHM);
        assertThat(JobFile.parse(resolved.text(), FILE, List.of(), Map.of())).isEqualTo(resolved);
    }

    @Test
    void deviceMemoryIsASizeOrAuto() {
        assertThat(job(minimal("deviceMemory: auto\n")).deviceMemory()).isEmpty();
        assertThat(job(minimal("deviceMemory: 3TiB\n")).text()).contains("deviceMemory: 3TiB\n");
        assertThat(job(minimal("deviceMemory: 2048MiB\n")).text()).contains("deviceMemory: 2GiB\n");
        Job bounded = job(minimal("deviceMemory: 1025KiB\n"));
        assertThat(bounded.deviceMemory()).hasValue(1025 << 10);
        assertThat(resolved(bounded, Devices.Kind.CUDA).deviceMemory()).hasValue(1025 << 10);
        assertThat(resolved(bounded, Devices.Kind.CPU).deviceMemory())
                .as("auto found no GPU")
                .isEmpty();
    }

    private static Job resolved(Job job, Devices.Kind device) {
        return job.resolved(1, OptionalInt.of(1), List.of(device), new Speeds.Equal(), Job.Transport.SHM);
    }

    @Test
    void theDigestTellsJobsApart() {
        assertThat(job(WHOLE).digest())
                .hasSize(64)
                .isNotEqualTo(job(WHOLE, "attention.scale=0.25").digest());
    }

    static List<Arguments> refusals() {
        return List.of(
                refusal(minimal("wokers: 4\n"), "/jobs/a/job.yaml:3: wokers is no known key; did you mean workers?"),
                refusal(
                        minimal("network: {prots: 1}\n"),
                        "job.yaml:3: network.prots is no known key; did you mean ports?"),
                refusal(
                        minimal("workers: 2\nspeeds: [1, 2, 3]\n"),
                        "job.yaml:4: speeds lists 3, but there are 2 workers: list one for each, in the order of ranks"),
                refusal(minimal("speeds: []\n"), "job.yaml:3: speeds lists 0, but there is 1 worker"),
                refusal(
                        minimal("speeds: [1, 1.5]\n"),
                        "speeds must be whole numbers from 1 to 1000000 in proportion, such as [2, 3] for 1 and 1.5, or"
                                + " auto, equal or measured, not \"1.5\""),
                refusal(minimal("speeds: [1, 0]\n"), "not \"0\""),
                refusal(minimal("speeds: [1, -3]\n"), "not \"-3\""),
                refusal(minimal("speeds: [1, 1000001]\n"), "not \"1000001\""),
                refusal(minimal("speeds: [1, .inf]\n"), "not \".inf\""),
                refusal(minimal("speeds: [1, [2]]\n"), "not a list"),
                refusal(minimal("speeds: measure\n"), "speeds cannot be \"measure\"; did you mean measured?"),
                refusal(
                        minimal("workers: 3\ndevice: [cpu, cuda]\n"),
                        "job.yaml:4: device lists 2, but there are 3 workers: list one for each"),
                refusal(minimal("device: [cpu, gpu]\n"), "device cannot be \"gpu\""),
                refusal(minimal("zebra: 4\n"), "job.yaml:3: zebra is no known key; known are workers, threads, "),
                refusal(minimal("workers: four\n"), "job.yaml:3: workers must be auto or a whole number from 1"),
                refusal(minimal("workers: 0\n"), "job.yaml:3: workers must be auto or a whole number from 1"),
                refusal(minimal("workers: 1.5\n"), "workers must be auto or a whole number"),
                refusal(minimal("workers: [1]\n"), "workers must be auto or a whole number", "not a list"),
                refusal(minimal("workers:\n"), "workers must be", "not empty"),
                refusal(minimal("cpus: 0-3,2\n"), "job.yaml:3: cpus must be auto or cpus", "cpu 2 is named twice"),
                refusal(minimal("cpus: [a]\n"), "cpus must be auto or cpus", "\"a\" is no list of cpus"),
                refusal(minimal("cpus: []\n"), "cpus must be auto or cpus"),
                refusal(minimal("cpus:\n"), "cpus must be auto or cpus"),
                refusal(minimal("cpus: {a: 1}\n"), "cpus must be auto or cpus", "not a mapping"),
                refusal(
                        minimal("device: cuda\ndeviceMemory: 8GB\n"),
                        "job.yaml:4: deviceMemory must be auto or a size above 0 such as 512MiB or 8GiB, not \"8GB\""),
                refusal(minimal("deviceMemory: 0GiB\n"), "deviceMemory must be auto or a size above 0"),
                refusal(minimal("deviceMemory: 99999999TiB\n"), "deviceMemory must be auto or a size"),
                refusal(minimal("deviceMemory: [1GiB]\n"), "deviceMemory must be a word, not a list"),
                refusal(minimal("deviceMemory:\n"), "deviceMemory must be a word, not empty"),
                refusal(
                        minimal("device: [cpu, scalar]\ndeviceMemory: 8GiB\n"),
                        "job.yaml:4: deviceMemory bounds what a worker takes of a GPU, and no worker may have one"),
                refusal(minimal("device: gpu\n"), "job.yaml:3: device cannot be \"gpu\""),
                refusal(minimal("device: cpus\n"), "did you mean cpu?"),
                refusal(minimal("threads: 2\nthreads: 3\n"), "job.yaml:4: threads is set a second time (first at "),
                refusal(minimal("timeouts: {peer: 5}\n"), "timeouts.peer must be a duration", "not \"5\""),
                refusal(minimal("timeouts: {peer: 0s}\n"), "timeouts.peer must be a duration above 0"),
                refusal(minimal("timeouts: {peer: 2900ms}\n"), "timeouts.peer must be at least 3s"),
                refusal(
                        minimal("network: {ports: 65535}\n") + "workers: 2\n",
                        "network.ports is too high: 2 ranks",
                        "65534 or below"),
                refusal(minimal("timeouts: {peer: none}\n"), "timeouts.peer must be a duration"),
                refusal(minimal("network: {ports: 70000}\n"), "network.ports must be a whole number from 0 to 65535"),
                refusal(minimal("verify: some\n"), "verify must be all, none, a number of samples"),
                refusal(minimal("verify: {samples: 0}\n"), "verify.samples must be a whole number of at least 1"),
                refusal(minimal("output: out.txt\n"), "job.yaml:3: output must end in .safetensors or .npy"),
                refusal(minimal("output: ${NOPE}/o.npy\n"), "output needs the environment variable NOPE"),
                refusal(minimal("output: ${DATA/o.npy\n"), "output has a ${ that opens no variable"),
                refusal(minimal("output: a.npy\nreport: a.npy\n"), "job.yaml:4: report would write over /jobs/a/a.npy"),
                refusal(minimal("report: job.yaml\n"), "job.yaml:3: report would write over /jobs/a/job.yaml"),
                refusal(minimal("output: a.npy\ntrace: a.lse.npy\n"), "trace would write over /jobs/a/a.lse.npy"),
                refusal(
                        "input: {q: q.npy, k: k.npy, v: v.npy}\nreport: k.npy\n",
                        "report would write over /jobs/a/k.npy"),
                refusal(
                        "input: {q: o.lse.npy, k: k.npy, v: v.npy}\noutput: o.npy\n",
                        "output would write over /jobs/a/o.lse.npy"),
                refusal(
                        "input: {q: a, k: b, v: c}\nattention: {scale: 1e60}\n",
                        "attention.scale must be a finite number, not \"1e60\""),
                refusal(
                        "input: {q: a, k: b, v: c}\nattention: {mask: [causal]}\n",
                        "attention.mask must be full, causal, or a mapping"),
                refusal(minimal("output: [a]\n"), "output must be a word, not a list"),
                refusal(minimal("device: !!str cpu\n"), "job.yaml:3: tag", "remove it"),
                refusal(minimal("device: *x\n"), "job.yaml:3: alias *x names nothing"),
                refusal(minimal("device: {\n"), "job.yaml:4: not valid YAML"),
                refusal(minimal("---\nworkers: 1\n"), "job.yaml:4: a second YAML document begins"),
                refusal(minimal("[a]: 1\n"), "job.yaml:3: a key must be a word"),
                refusal("", "/jobs/a/job.yaml is empty"),
                refusal("just words", "must be a mapping of workers, threads"),
                refusal("a: " + "[".repeat(100_000), "nested more than 32 deep"),
                refusal("workers: 1\n", "input is missing: add it"),
                refusal("attention: ring\ninput: {}\n", "attention must be a mapping of schedule, "),
                refusal("attention: {}\ninput: {}\n", "job.yaml:2: input names no source: give q, k and v, or tensors"),
                refusal("attention: {}\ninput: {q: a, k: b}\n", "job.yaml:2: input.v is missing"),
                refusal(
                        "attention: {}\ninput: {q: a, k: b, v: c, tensors: d}\n",
                        "job.yaml:2: input names several sources"),
                refusal("attention: {}\ninput: {q: a, k: b, v: c, names: {q: x}}\n", "input.names renames tensors"),
                refusal("attention: {}\ninput: {q: a, k: b, v: c, layout: thd}\n", "input.layout cannot be \"thd\""),
                refusal("attention: {}\ninput: {random: {heads: 1, dim: 1}}\n", "input.random.tokens is missing"),
                refusal(
                        "attention: {}\ninput: {random: {tokens: 1, heads: 1, dim: 257}}\n",
                        "input.random.dim must be a whole number from 1 to 256, not \"257\""),
                refusal(
                        "attention: {}\ninput: {layout: bhtd, random: {tokens: 1, heads: 1, dim: 2}}\n",
                        "input.layout has no meaning for random input"),
                attention("schedule: rin", "attention.schedule cannot be \"rin\"; did you mean ring?"),
                attention("schedule: []", "attention.schedule is an empty list"),
                attention("schedule: [ring, tree, ring]", "attention.schedule names ring twice"),
                attention("scale: .inf", "attention.scale must be a finite number"),
                attention("scale: 1f", "attention.scale must be a finite number"),
                attention("softcap: -1", "attention.softcap must be a finite number of at least 0"),
                attention("mask: casual", "attention.mask cannot be \"casual\"; did you mean causal?"),
                attention("mask: {causal: yes}", "attention.mask.causal cannot be \"yes\""),
                attention("mask: {window: {right: 1}}", "attention.mask.window.left is missing"),
                attention("mask: {window: {left: -1}}", "attention.mask.window.left must be a whole number"),
                attention("mask: {documents: [1, 2]}", "attention.mask.documents must be cumulative lengths from 0"),
                attention("mask: {documents: [0]}", "attention.mask.documents must be cumulative lengths from 0"),
                attention("mask: {documents: [0, 5, 4]}", "attention.mask.documents falls from 5 to 4"),
                attention("mask: {documents: [0, x]}", "attention.mask.documents must be a list of whole numbers"),
                attention("mask: {documents: {a: 1}}", "attention.mask.documents must be a list of whole numbers"),
                attention("mask: {documents: /none/cu.yaml}", "/none/cu.yaml does not exist"),
                attention("mask: {documents: [0, 1], keyDocuments: [0, 1]}", "keyDocuments contradicts documents"),
                attention("mask: {keyDocuments: [0, 1]}", "attention.mask.queryDocuments is missing"),
                attention(
                        "mask: {queryDocuments: [0, 1, 2], keyDocuments: [0, 1]}",
                        "keyDocuments has 1 documents, but queryDocuments has 2"),
                attention("mask: {slices: [], causal: true}", "attention.mask.causal cannot be combined with slices"),
                attention(
                        "mask: {slices: [[0, 1, 0, 1]]}",
                        "slices has an item that is no slice: write [q0, q1, k0, k1, kind]"),
                attention("mask: {slices: [[0, 1, 0, 1, half]]}", "attention.mask.slices cannot be \"half\""),
                attention("mask: {slices: [[2, 1, 0, 1, full]]}", "slice [2, 1, 0, 1] ends before it begins"));
    }

    private static Arguments refusal(String text, String... messageParts) {
        return Arguments.of(text, List.of(messageParts));
    }

    private static Arguments attention(String text, String... messageParts) {
        return refusal("attention: {" + text + "}\ninput: {random: {tokens: 8, heads: 2, dim: 4}}\n", messageParts);
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void refusesInOneSentenceThatNamesFileLineAndKey(String text, List<String> messageParts) {
        assertThatThrownBy(() -> job(text))
                .isInstanceOf(InputException.class)
                .message()
                .contains("/")
                .contains(messageParts)
                .doesNotContain("\n");
    }

    /** A damaged file reads as another job or is refused with a sentence; nothing else happens. */
    @Test
    void survivesAnyDamage() {
        String alphabet = "{}[],:#&*!|>'\"%@`-? \n\t\u0000\u00e9\ud800${}0123456789.eE+abc";
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 1500; i++) {
            StringBuilder text = new StringBuilder(WHOLE);
            for (int change = random.nextInt(3); change >= 0; change--) {
                int at = random.nextInt(text.length());
                char c = alphabet.charAt(random.nextInt(alphabet.length()));
                switch (random.nextInt(4)) {
                    case 0 -> text.setCharAt(at, c);
                    case 1 -> text.insert(at, c);
                    case 2 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(9)));
                    default -> text.insert(at, text.substring(random.nextInt(at + 1), at));
                }
            }
            try {
                job(text.toString());
            } catch (InputException e) {
                refused++;
                assertThat(e.getMessage()).as("seed %d, mutation %d", seed, i).doesNotContain("\n");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", mutation " + i + ": " + e, e);
            }
        }
        assertThat(refused).as("seed %d", seed).isBetween(1, 1499);
    }

    @Test
    void complaintsAboutSettingsNameTheSetting() {
        assertRefused("--set workers=x: workers must be auto or a whole number", "workers=x");
        assertRefused("--set a.b=1: a is no known key", "a.b=1");
        assertRefused("--set workers has no value: write --set KEY=VALUE", "workers");
        assertRefused("--set .x=1 has an empty key", ".x=1");
        assertRefused("attention.mask is no mapping (/jobs/a/job.yaml:1)", "attention.mask.causal=true");
        assertRefused("--set workers=[1: not valid YAML", "workers=[1");
        assertRefused("--set input.q=x: input names several sources", "input.q=x");
    }

    private static void assertRefused(String message, String setting) {
        assertThatThrownBy(() -> job(minimal(""), setting))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> JobFile.read(Path.of("/none/job.yaml"), List.of(), Map.of()))
                .isInstanceOf(InputException.class)
                .hasMessage("/none/job.yaml does not exist: check the name");
    }
}
