package org.ringwood.runtime.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Which iterations of which rows are still to be measured. Rows with nothing to measure are not in it. */
public final class Pending {
    private static final String SEPARATOR = " ";

    private final Map<Row, List<Integer>> iterations;

    private Pending(Map<Row, List<Integer>> iterations) {
        this.iterations = iterations;
    }

    /**
     * What is missing of a sweep.
     *
     * @param done iterations of rows, by their ids
     */
    public static Pending of(Sweep sweep, Map<String, Set<Integer>> done) {
        Map<Row, List<Integer>> missing = new LinkedHashMap<>();
        for (Row row : sweep.rows()) {
            Set<Integer> there = done.getOrDefault(row.id(), Set.of());
            List<Integer> left = IntStream.range(0, sweep.iterations())
                    .filter(iteration -> !there.contains(iteration))
                    .boxed()
                    .toList();
            if (!left.isEmpty()) {
                missing.put(row, left);
            }
        }
        return new Pending(missing);
    }

    /** That part of it whose rows are wanted. */
    public Pending only(Predicate<Row> wanted) {
        Map<Row, List<Integer>> part = new LinkedHashMap<>();
        iterations.forEach((row, left) -> {
            if (wanted.test(row)) {
                part.put(row, left);
            }
        });
        return new Pending(part);
    }

    /** That part of it whose rows have so many processes; all of it if none is wanted. */
    public Pending ofProcesses(Optional<Integer> wanted) {
        return only(row -> wanted.isEmpty() || wanted.get() == row.processes());
    }

    /** The rows, in the order of the sweep. */
    public List<Row> rows() {
        return new ArrayList<>(iterations.keySet());
    }

    /** The iterations of a row. */
    public List<Integer> iterations(Row row) {
        return iterations.getOrDefault(row, List.of());
    }

    /** Whether nothing is to be done. */
    public boolean isEmpty() {
        return iterations.isEmpty();
    }

    /** As text, for {@link #decode} of a rank that has the same sweep. */
    public String encode() {
        return iterations.entrySet().stream()
                .map(entry -> entry.getKey().id()
                        + SEPARATOR
                        + entry.getValue().stream().map(String::valueOf).collect(Collectors.joining(SEPARATOR)))
                .collect(Collectors.joining("\n"));
    }

    /** Reads what {@link #encode} wrote. */
    public static Pending decode(Sweep sweep, String text) {
        Map<String, Row> rows = sweep.rows().stream().collect(Collectors.toMap(Row::id, row -> row));
        Map<Row, List<Integer>> iterations = new LinkedHashMap<>();
        text.lines().forEach(line -> {
            List<String> words = List.of(line.split(SEPARATOR));
            Row row = Optional.ofNullable(rows.get(words.getFirst()))
                    .orElseThrow(() -> new IllegalArgumentException("no row " + words.getFirst()));
            iterations.put(
                    row,
                    words.subList(1, words.size()).stream()
                            .map(Integer::valueOf)
                            .toList());
        });
        return new Pending(iterations);
    }
}
