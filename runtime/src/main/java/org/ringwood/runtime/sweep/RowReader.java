package org.ringwood.runtime.sweep;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.ringwood.kernels.Devices;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Input;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;
import org.ringwood.runtime.job.Speeds;
import org.ringwood.runtime.job.Verify;
import org.ringwood.runtime.yaml.Entry;
import org.ringwood.runtime.yaml.Fields;
import org.ringwood.runtime.yaml.Setting;

/** Makes a job of every combination of a sweep's axes, by the reader of job files, so that complaints are as good as that one's. */
final class RowReader {
    private static final List<String> JOB_KEYS =
            List.of("threads", "cpus", "device", "deviceMemory", "network", "timeouts", "attention", "verify");
    private static final int MOST = 65_536;
    /** Longest mask that is told as it is written. */
    private static final int LONGEST_MASK = 80;

    private final Path file;
    private final Entry base;
    private final Map<String, String> environment;

    RowReader(Path file, Fields top, Map<String, String> environment) {
        this.file = file;
        this.environment = environment;
        this.base = base(top);
    }

    private Entry base(Fields top) {
        Fields job = top.fieldsOrNone("job", JOB_KEYS);
        job.fieldsOrNone("attention", List.of("scale", "softcap"));
        if (job.is("verify", "none")) {
            throw job.refused(
                    "verify",
                    "cannot be none, since a figure of a wrong result is worth nothing: say"
                            + " {samples: N}, or remove it");
        }
        Entry given = top.entry("job").orElseGet(() -> new Entry.Mapping(Map.of(), file.toString()));
        Entry seed = top.entry("seed").orElseGet(() -> new Entry.Scalar("1", true, file.toString()));
        return Setting.of("input.random.seed", seed).applyTo(given);
    }

    /** Why a combination makes no row, if it does not. */
    Optional<String> meaningless(Map<Axis, Entry> point) {
        int nodes = nodes(point);
        int workers = workers(point);
        if (nodes > workers) {
            return Optional.of(workers + " workers do not fill " + nodes + " nodes");
        }
        if (nodes > 1 && text(point, Axis.TRANSPORT).equals("shm")) {
            return Optional.of("shm does not reach from node to node, and there are " + nodes);
        }
        return Optional.empty();
    }

    Row row(Map<Axis, Entry> point, Scaling scaling) {
        requireForward(point);
        int workers = workers(point);
        Entry root = base;
        root = with(root, "workers", number(workers, require(point, Axis.NODES)));
        root = with(root, "transport", require(point, Axis.TRANSPORT));
        root = with(root, "attention.schedule", require(point, Axis.SCHEDULES));
        root = with(root, "attention.partition", require(point, Axis.PARTITIONS));
        root = with(root, "attention.mask", require(point, Axis.MASK));
        root = with(root, "input.random.dtype", require(point, Axis.DTYPE));
        root = withPair(root, point, Axis.HEADS, "heads", "kvHeads", "8/2 for 8 query heads on 2 key heads");
        root = withPair(root, point, Axis.DIMS, "dim", "dimV", "128/64 for values of 64");
        if (point.containsKey(Axis.QUERIES)) {
            root = with(root, "input.random.queries", require(point, Axis.QUERIES));
        }
        long tokens = whole(point, Axis.TOKENS, Long.MAX_VALUE);
        long all = tokens(scaling, tokens, workers, root, point);
        Job job = JobFile.of(
                with(root, "input.random.tokens", number(all, require(point, Axis.TOKENS))), file, environment);
        refuseAuto(job, point);
        requireFit(job, point);
        return new Row(job, nodes(point), scaling, label(point), Optional.empty());
    }

    private static void requireForward(Map<Axis, Entry> point) {
        if (!text(point, Axis.PASS).equals("forward")) {
            throw refused(
                    point,
                    Axis.PASS,
                    "is forward; \"" + text(point, Axis.PASS) + "\" is not in this version: remove it");
        }
    }

    private static void refuseAuto(Job job, Map<Axis, Entry> point) {
        if (job.attention().schedules().size() > 1) {
            throw refused(point, Axis.SCHEDULES, "has a list in the list: write one list of words");
        }
    }

    private static void requireFit(Job job, Map<Axis, Entry> point) {
        try (Inputs inputs = Inputs.open(job)) {
            inputs.mask();
        } catch (InputException unfit) {
            throw refused(point, Axis.MASK, text(point, Axis.MASK) + " is refused: " + unfit.getMessage());
        }
    }

    private long tokens(Scaling scaling, long tokens, int workers, Entry root, Map<Axis, Entry> point) {
        try {
            return scaling.tokens(tokens, workers, length -> area(root, length, point));
        } catch (ArithmeticException tooMany) {
            throw refused(point, Axis.TOKENS, "of " + tokens + " for each of " + workers + " workers are too many");
        }
    }

    private long area(Entry root, long tokens, Map<Axis, Entry> point) {
        Job job = JobFile.of(
                with(root, "input.random.tokens", number(tokens, require(point, Axis.TOKENS))), file, environment);
        Input.Random sizes = (Input.Random) job.input();
        try {
            return job.attention()
                    .mask()
                    .rule()
                    .over(sizes.queries(), sizes.tokens())
                    .area();
        } catch (IllegalArgumentException fixed) {
            throw refused(
                    point,
                    Axis.MASK,
                    text(point, Axis.MASK) + " does not fit a sequence of " + tokens
                            + " tokens, as weak scaling needs: " + fixed.getMessage());
        }
    }

    /** What a row is compared with, if it is compared and such a row can be told. */
    Optional<Row> baseline(Row row, Map<Axis, Entry> point, Baseline baseline) {
        if (baseline == Baseline.NONE || row.workers() == 1) {
            return Optional.empty();
        }
        Job of = row.job();
        OptionalInt threads = of.threads();
        long tokens = whole(point, Axis.TOKENS, Long.MAX_VALUE);
        if (baseline == Baseline.SAME_THREADS) {
            if (threads.isEmpty()) {
                throw new InputException(file + ": baseline: same-threads needs to know the threads of a worker:"
                        + " give job.threads a number");
            }
            threads = OptionalInt.of(threads.getAsInt() * row.workers());
            tokens = row.sizes().tokens();
        }
        Input.Random sizes = row.sizes();
        Job.Attention attention = of.attention();
        Job alone = new Job(
                OptionalInt.of(1),
                threads,
                of.cpus(),
                List.of(of.device(0)),
                of.device(0) == Devices.Kind.CUDA || of.device(0) == Devices.Kind.AUTO
                        ? of.deviceMemory()
                        : OptionalLong.empty(),
                new Speeds.Auto(),
                of.transport() == Job.Transport.INPROCESS ? Job.Transport.INPROCESS : Job.Transport.AUTO,
                of.network(),
                of.timeouts(),
                // Alone, all schedules and partitions do the same.
                new Job.Attention(
                        List.of(Job.Schedule.RING),
                        Job.Partition.CONTIGUOUS,
                        attention.mask(),
                        attention.scale(),
                        attention.softcap()),
                new Input.Random(
                        tokens,
                        point.containsKey(Axis.QUERIES) ? sizes.queries() : tokens,
                        sizes.heads(),
                        sizes.kvHeads(),
                        sizes.dim(),
                        sizes.dimV(),
                        sizes.dtype(),
                        sizes.seed(),
                        sizes.batch()),
                Optional.empty(),
                of.verify() instanceof Verify.None ? new Verify.Samples(1) : of.verify(),
                Optional.empty(),
                Optional.empty());
        return Optional.of(new Row(alone, 1, row.scaling(), row.mask(), Optional.empty()));
    }

    private static String label(Map<Axis, Entry> point) {
        String text = text(point, Axis.MASK);
        return text.length() <= LONGEST_MASK
                ? text
                : text.substring(0, LONGEST_MASK) + "… " + Row.digest(text).substring(0, 6);
    }

    private static int nodes(Map<Axis, Entry> point) {
        return (int) whole(point, Axis.NODES, MOST);
    }

    private static int workers(Map<Axis, Entry> point) {
        return (int)
                (point.containsKey(Axis.WORKERS)
                        ? whole(point, Axis.WORKERS, MOST)
                        : whole(point, Axis.WORKERS_PER_NODE, MOST) * nodes(point));
    }

    private static Entry with(Entry root, String key, Entry value) {
        return Setting.of(key, value).applyTo(root);
    }

    private static Entry number(long number, Entry origin) {
        return new Entry.Scalar(Long.toString(number), true, origin.where());
    }

    private static Entry withPair(
            Entry root, Map<Axis, Entry> point, Axis axis, String first, String second, String example) {
        Entry value = require(point, axis);
        String[] parts = FlowText.of(value).split("/", -1);
        if (!(value instanceof Entry.Scalar) || parts.length > 2 || !parts[parts.length - 1].matches("[0-9]{1,5}")) {
            throw refused(
                    point, axis, "must be a whole number, or two such as " + example + ", not " + FlowText.of(value));
        }
        String random = "input.random.";
        Entry both = with(root, random + first, new Entry.Scalar(parts[0], true, value.where()));
        return parts.length == 1 ? both : with(both, random + second, new Entry.Scalar(parts[1], true, value.where()));
    }

    private static long whole(Map<Axis, Entry> point, Axis axis, long most) {
        String text = FlowText.of(require(point, axis));
        if (text.matches("[1-9][0-9]{0,17}") && Long.parseLong(text) <= most) {
            return Long.parseLong(text);
        }
        throw refused(point, axis, "must be a whole number of at least 1, not \"" + text + "\"");
    }

    private static String text(Map<Axis, Entry> point, Axis axis) {
        return FlowText.of(require(point, axis));
    }

    private static Entry require(Map<Axis, Entry> point, Axis axis) {
        return Objects.requireNonNull(point.get(axis), axis.key());
    }

    private static InputException refused(Map<Axis, Entry> point, Axis axis, String complaint) {
        return new InputException(require(point, axis).where() + ": axes." + axis.key() + " " + complaint);
    }
}
