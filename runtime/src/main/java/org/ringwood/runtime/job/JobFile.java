package org.ringwood.runtime.job;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.ringwood.collectives.PortRange;
import org.ringwood.collectives.Timeouts;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.tensors.Layout;
import org.ringwood.runtime.yaml.Entry;
import org.ringwood.runtime.yaml.Fields;
import org.ringwood.runtime.yaml.Setting;
import org.ringwood.runtime.yaml.Yaml;

/** Reads job files. */
public final class JobFile {
    private static final List<String> KEYS = List.of(
            "workers",
            "threads",
            "cpus",
            "device",
            "deviceMemory",
            "speeds",
            "transport",
            "network",
            "timeouts",
            "attention",
            "input",
            "output",
            "verify",
            "report",
            "trace");
    private static final int MOST_WORKERS = 65_536;
    /** Some calls of {@link org.ringwood.runtime.cluster}'s pulse, and two of Hazelcast's own heartbeats. */
    private static final Duration SHORTEST_PEER = Duration.ofSeconds(3);

    private final Path file;
    private final Fields top;
    private final Paths paths;

    private JobFile(Path file, Fields top, Paths paths) {
        this.file = file;
        this.top = top;
        this.paths = paths;
    }

    /**
     * Reads a job file.
     *
     * @param file to read; relative paths in it are relative to its directory
     * @param settings {@code KEY=VALUE} each, with a dotted key; later ones win, and all win over the file
     * @param environment variables that {@code ${NAME}} in paths stands for
     * @throws InputException naming file, line and key, if anything in it is unknown, of a wrong type or contradictory
     */
    public static Job read(Path file, List<String> settings, Map<String, String> environment) {
        return job(Yaml.read(file), file, settings, environment);
    }

    /**
     * Reads the text of a job file.
     *
     * @param name what messages call it, and what relative paths are relative to the directory of
     * @throws InputException as {@link #read}
     */
    public static Job parse(String text, Path name, List<String> settings, Map<String, String> environment) {
        return job(Yaml.parse(text, name.toString()), name, settings, environment);
    }

    private static Job job(Entry root, Path file, List<String> settings, Map<String, String> environment) {
        for (String setting : settings) {
            root = Setting.parse(setting).applyTo(root);
        }
        return of(root, file, environment);
    }

    /**
     * Reads a job that was put together from pieces, each of which knows where it stands.
     *
     * @param file what relative paths are relative to the directory of
     * @throws InputException as {@link #read}
     */
    public static Job of(Entry root, Path file, Map<String, String> environment) {
        Path directory = Optional.ofNullable(file.toAbsolutePath().normalize().getParent())
                .orElseThrow(() -> new InputException(file + " is a directory: name a job file"));
        return new JobFile(file, Fields.of(root, KEYS), new Paths(directory, environment)).job();
    }

    private Job job() {
        OptionalInt workers = count("workers", MOST_WORKERS);
        PerWorker perWorker = new PerWorker(top, workers);
        List<Devices.Kind> devices = perWorker.devices();
        Job job = new Job(
                workers,
                count("threads", Short.MAX_VALUE),
                cpus(),
                devices,
                deviceMemory(devices),
                perWorker.speeds(),
                top.choice("transport", Words.TRANSPORTS).orElse(Job.Transport.AUTO),
                network(),
                timeouts(),
                attention(),
                input(),
                output(),
                verify(),
                paths.pathOrNone(top, "report"),
                paths.pathOrNone(top, "trace"));
        WrittenFiles.check(job, file, top);
        return job;
    }

    private OptionalInt count(String key, int most) {
        if (!top.has(key) || top.is(key, "auto")) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(top.whole(key, 1, most, "auto or a whole number from 1 to " + most)
                .orElseThrow()
                .intValue());
    }

    private CpuList cpus() {
        try {
            return top.entry("cpus")
                    .filter(_ -> !top.is("cpus", "auto"))
                    .map(entry -> CpuList.parse(entry instanceof Entry.Sequence list ? joined(list) : word(entry)))
                    .orElse(CpuList.NONE);
        } catch (IllegalArgumentException e) {
            throw top.refused("cpus", "must be auto or cpus such as [0, 1, 8] or 0-3,8: " + e.getMessage());
        }
    }

    private OptionalLong deviceMemory(List<Devices.Kind> devices) {
        if (!top.has("deviceMemory") || top.is("deviceMemory", "auto")) {
            return OptionalLong.empty();
        }
        String text = top.text("deviceMemory").orElseThrow();
        long bytes = ByteSizes.parse(text)
                .orElseThrow(() -> top.refused(
                        "deviceMemory", "must be auto or a size above 0 such as 512MiB or 8GiB, not \"" + text + "\""));
        if (!devices.contains(Devices.Kind.CUDA) && !devices.contains(Devices.Kind.AUTO)) {
            throw top.refused(
                    "deviceMemory",
                    "bounds what a worker takes of a GPU, and no worker may have one: remove it, or take device cuda");
        }
        return OptionalLong.of(bytes);
    }

    private String joined(Entry.Sequence list) {
        return list.items().stream().map(this::word).collect(Collectors.joining(","));
    }

    private String word(Entry entry) {
        if (!(entry instanceof Entry.Scalar scalar)) {
            throw top.wrong("cpus", "auto or cpus such as [0, 1, 8] or 0-3,8", entry);
        }
        return scalar.text();
    }

    private Job.Network network() {
        return top.fields("network", List.of("interface", "ports"))
                .map(network -> new Job.Network(
                        network.text("interface").filter(_ -> !network.is("interface", "auto")), ports(network)))
                .orElse(new Job.Network(Optional.empty(), PortRange.FREE));
    }

    private PortRange ports(Fields network) {
        PortRange ports =
                new PortRange(network.whole("ports", 0, 65_535).orElse(0L).intValue());
        try {
            ports.requireRoomFor(count("workers", MOST_WORKERS).orElse(1));
        } catch (IllegalArgumentException tooHigh) {
            throw network.refused("ports", "is too high: " + tooHigh.getMessage());
        }
        return ports;
    }

    private Timeouts timeouts() {
        return top.fields("timeouts", List.of("join", "peer", "stall", "job"))
                .map(timeouts -> new Timeouts(
                        duration(timeouts, "join").orElse(Timeouts.DEFAULT.join()),
                        peer(timeouts),
                        duration(timeouts, "stall").orElse(Timeouts.DEFAULT.stall()),
                        timeouts.is("job", "none") ? Optional.empty() : duration(timeouts, "job")))
                .orElse(Timeouts.DEFAULT);
    }

    private static Duration peer(Fields timeouts) {
        Duration peer = duration(timeouts, "peer").orElse(Timeouts.DEFAULT.peer());
        if (peer.compareTo(SHORTEST_PEER) < 0) {
            throw timeouts.refused(
                    "peer",
                    "must be at least " + SHORTEST_PEER.toSeconds()
                            + "s, since ranks call each other twice a second and a busy one may be late");
        }
        return peer;
    }

    private static Optional<Duration> duration(Fields fields, String key) {
        return fields.text(key)
                .map(text -> Durations.parse(text)
                        .filter(Duration::isPositive)
                        .orElseThrow(() -> fields.refused(
                                key,
                                "must be a duration above 0 such as 500ms, 5s, 10min or 2h, not \"" + text + "\"")));
    }

    private Job.Attention attention() {
        Fields attention = top.fieldsOrNone("attention", List.of("schedule", "partition", "mask", "scale", "softcap"));
        return new Job.Attention(
                schedules(attention),
                attention.choice("partition", Words.PARTITIONS).orElse(Job.Partition.AUTO),
                new MaskReader(attention, paths).mask(),
                attention.is("scale", "auto")
                        ? OptionalDouble.empty()
                        : attention
                                .number("scale", Double.NEGATIVE_INFINITY)
                                .map(OptionalDouble::of)
                                .orElse(OptionalDouble.empty()),
                attention.number("softcap", 0).orElse(0.0));
    }

    private static List<Job.Schedule> schedules(Fields attention) {
        List<Job.Schedule> schedules =
                attention.choices("schedule", Words.SCHEDULES).orElse(List.of(Job.Schedule.AUTO));
        if (schedules.isEmpty()) {
            throw attention.refused("schedule", "is an empty list: name at least one schedule");
        }
        for (Job.Schedule schedule : new HashSet<>(schedules)) {
            if (schedules.indexOf(schedule) != schedules.lastIndexOf(schedule)) {
                throw attention.refused("schedule", "names " + schedule + " twice: name each schedule once");
            }
        }
        return schedules;
    }

    private Input input() {
        Fields input = top.required(
                "input", top.fields("input", List.of("q", "k", "v", "layout", "tensors", "names", "random")));
        boolean arrays = input.has("q") || input.has("k") || input.has("v");
        int sources = (arrays ? 1 : 0) + (input.has("tensors") ? 1 : 0) + (input.has("random") ? 1 : 0);
        if (sources != 1) {
            throw input.refused((sources == 0 ? "names no source" : "names several sources")
                    + ": give q, k and v, or tensors, or random");
        }
        if (input.has("names") && !input.has("tensors")) {
            throw input.refused("names", "renames tensors of a safetensors file, but there is none: remove it");
        }
        if (input.has("layout") && input.has("random")) {
            throw input.refused("layout", "has no meaning for random input: remove it");
        }
        Optional<Layout> layout = input.choice("layout", Words.LAYOUTS);
        if (arrays) {
            return new Input.Npy(file(input, "q"), file(input, "k"), file(input, "v"), layout);
        }
        return input.has("tensors") ? safetensors(input, layout) : random(input);
    }

    private Path file(Fields fields, String key) {
        return fields.required(key, paths.path(fields, key));
    }

    private Input safetensors(Fields input, Optional<Layout> layout) {
        Optional<Fields> names = input.fields("names", List.of("q", "k", "v"));
        return new Input.Safetensors(
                file(input, "tensors"),
                names.flatMap(fields -> fields.text("q")).orElse("q"),
                names.flatMap(fields -> fields.text("k")).orElse("k"),
                names.flatMap(fields -> fields.text("v")).orElse("v"),
                layout);
    }

    private static Input random(Fields input) {
        Fields random = input.fields(
                        "random",
                        List.of("tokens", "queries", "heads", "kvHeads", "dim", "dimV", "dtype", "seed", "batch"))
                .orElseThrow();
        long tokens = random.required("tokens", random.whole("tokens", 1));
        int heads = random.required("heads", small(random, "heads", Short.MAX_VALUE));
        int kvHeads = small(random, "kvHeads", heads).orElse(heads);
        int dim = random.required("dim", small(random, "dim", AttentionCall.MAX_DIM));
        return new Input.Random(
                tokens,
                random.whole("queries", 1).orElse(tokens),
                heads,
                kvHeads,
                dim,
                small(random, "dimV", AttentionCall.MAX_DIM).orElse(dim),
                random.choice("dtype", Words.DTYPES).orElse(DType.F32),
                random.whole("seed", 0).orElse(1L),
                small(random, "batch", Short.MAX_VALUE).orElse(1));
    }

    private static Optional<Integer> small(Fields fields, String key, int most) {
        return fields.whole(key, 1, most).map(Long::intValue);
    }

    private Verify verify() {
        if (top.is("verify", "all")) {
            return new Verify.All();
        }
        if (top.is("verify", "none")) {
            return new Verify.None();
        }
        if (top.entry("verify").filter(Entry.Scalar.class::isInstance).isPresent()) {
            return new Verify.Samples(
                    top.whole("verify", 1, Long.MAX_VALUE, "all, none, a number of samples or {samples: 256}")
                            .orElseThrow());
        }
        return new Verify.Samples(top.fields("verify", List.of("samples"))
                .flatMap(fields -> fields.whole("samples", 1))
                .orElse(256L));
    }

    private Optional<Path> output() {
        Optional<Path> output = paths.pathOrNone(top, "output");
        output.ifPresent(path -> {
            String name = path.toString().toLowerCase(Locale.ROOT);
            if (!name.endsWith(".safetensors") && !name.endsWith(".npy")) {
                throw top.refused("output", "must end in .safetensors or .npy, not be " + path.getFileName());
            }
        });
        return output;
    }
}
