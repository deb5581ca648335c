package org.ringwood.runtime.sweep;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.yaml.Entry;
import org.ringwood.runtime.yaml.Fields;
import org.ringwood.runtime.yaml.Setting;
import org.ringwood.runtime.yaml.Yaml;

/** Reads sweep files. */
public final class SweepFile {
    private static final List<String> KEYS =
            List.of("title", "scaling", "baseline", "warmup", "iterations", "seed", "axes", "plot", "job");
    private static final long MOST_RUNS = 1_000_000;
    private static final int MOST_ROWS = 100_000;

    private final Path file;
    private final Fields top;
    private final Fields axes;
    private final Map<String, String> environment;

    private SweepFile(Path file, Fields top, Map<String, String> environment) {
        this.file = file;
        this.top = top;
        this.axes = top.required("axes", top.fields("axes", Axis.keys()));
        this.environment = environment;
    }

    /**
     * Reads a sweep file.
     *
     * @param settings {@code KEY=VALUE} each, with a dotted key, which win over the file
     * @param environment variables that {@code ${NAME}} in paths stands for
     * @throws InputException naming file, line and key, if anything in it is unknown, of a wrong type or contradictory
     */
    public static Sweep read(Path file, List<String> settings, Map<String, String> environment) {
        return sweep(Yaml.read(file), file, settings, environment);
    }

    /** As {@link #read}, from a text that messages call {@code name}. */
    static Sweep parse(String text, Path name, List<String> settings) {
        return sweep(Yaml.parse(text, name.toString()), name, settings, Map.of());
    }

    private static Sweep sweep(Entry root, Path file, List<String> settings, Map<String, String> environment) {
        for (String setting : settings) {
            root = Setting.parse(setting).applyTo(root);
        }
        return new SweepFile(file, Fields.of(root, KEYS), environment).sweep();
    }

    private Sweep sweep() {
        requireOneNumberOfWorkers();
        for (Axis axis : List.of(Axis.TOKENS, Axis.HEADS, Axis.DIMS)) {
            axes.required(axis.key(), axes.entry(axis.key()));
        }
        Baseline baseline = top.choice("baseline", Baseline.WORDS).orElse(Baseline.ONE_WORKER);
        RowReader reader = new RowReader(file, top, environment);
        Map<String, Row> rows = new LinkedHashMap<>();
        List<String> leftOut = new ArrayList<>();
        for (Scaling scaling : top.choices("scaling", Scaling.WORDS).orElse(List.of(Scaling.STRONG))) {
            for (Map<Axis, Entry> point : points()) {
                Optional<String> meaningless = reader.meaningless(point);
                if (meaningless.isPresent()) {
                    leftOut.add(meaningless.get());
                    continue;
                }
                Row row = reader.row(point, scaling);
                Optional<Row> other = reader.baseline(row, point, baseline);
                other.ifPresent(one -> rows.putIfAbsent(one.id(), one));
                Row complete = other.filter(one -> !one.id().equals(row.id()))
                        .map(row::comparedWith)
                        .orElse(row);
                rows.put(complete.id(), complete);
            }
        }
        if (rows.isEmpty()) {
            throw axes.refused("give no row that means anything: " + String.join("; ", leftOut));
        }
        return new Sweep(
                name(),
                top.text("title").orElse(name()),
                baseline,
                top.whole("warmup", 0, MOST_RUNS).orElse(1L).intValue(),
                top.whole("iterations", 1, MOST_RUNS).orElse(3L).intValue(),
                top.fields("plot", List.of("x")).flatMap(plot -> plot.choice("x", PlotAxis.WORDS)),
                new ArrayList<>(rows.values()),
                leftOut.stream().distinct().toList());
    }

    private void requireOneNumberOfWorkers() {
        if (axes.has(Axis.WORKERS.key()) && axes.has(Axis.WORKERS_PER_NODE.key())) {
            throw axes.refused(
                    Axis.WORKERS_PER_NODE.key(), "contradicts workers: give the workers of all nodes or those of each");
        }
    }

    private String name() {
        String name = Objects.requireNonNull(file.getFileName()).toString();
        int end = name.lastIndexOf('.');
        return (end > 0 ? name.substring(0, end) : name).replaceAll("[^A-Za-z0-9._-]", "-");
    }

    /** Every combination of the axes' values. */
    private List<Map<Axis, Entry>> points() {
        List<Map<Axis, Entry>> points = List.of(new EnumMap<>(Axis.class));
        for (Axis axis : Axis.values()) {
            List<Entry> values = values(axis);
            if (values.isEmpty()) {
                continue;
            }
            if (points.size() > MOST_ROWS / values.size()) {
                throw axes.refused("make more than " + MOST_ROWS + " rows: cut the lists, or make several sweeps");
            }
            List<Map<Axis, Entry>> longer = new ArrayList<>(points.size() * values.size());
            for (Map<Axis, Entry> point : points) {
                for (Entry value : values) {
                    Map<Axis, Entry> next = new EnumMap<>(point);
                    next.put(axis, value);
                    longer.add(next);
                }
            }
            points = longer;
        }
        return points;
    }

    private List<Entry> values(Axis axis) {
        Optional<Entry> given = axes.entry(axis.key());
        if (given.isEmpty()) {
            boolean usual = !axis.usual().isEmpty() && !(axis == Axis.WORKERS_PER_NODE && axes.has(Axis.WORKERS.key()));
            return usual ? List.of(new Entry.Scalar(axis.usual(), true, file + " (default)")) : List.of();
        }
        List<Entry> values = given.get() instanceof Entry.Sequence list ? list.items() : List.of(given.get());
        if (values.isEmpty()) {
            throw axes.refused(axis.key(), "is an empty list: name at least one value, or remove the axis");
        }
        List<String> texts = values.stream().map(FlowText::of).toList();
        for (String text : texts) {
            if (texts.indexOf(text) != texts.lastIndexOf(text)) {
                throw axes.refused(axis.key(), "names " + text + " twice: name each value once");
            }
        }
        return values;
    }
}
