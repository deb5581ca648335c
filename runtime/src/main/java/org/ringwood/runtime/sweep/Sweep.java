package org.ringwood.runtime.sweep;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What is to be measured.
 *
 * @param name of the sweep: its file's, without the ending
 * @param title for people
 * @param baseline what rows of several workers are compared with
 * @param warmup runs of a row that are not measured
 * @param iterations runs of a row that are
 * @param x column that a page draws along; empty to let it choose
 * @param rows in the order in which they are measured
 * @param leftOut combinations that mean nothing, one sentence each
 */
public record Sweep(
        String name,
        String title,
        Baseline baseline,
        int warmup,
        int iterations,
        Optional<String> x,
        List<Row> rows,
        List<String> leftOut) {
    /** Copies the lists. */
    public Sweep {
        rows = List.copyOf(rows);
        leftOut = List.copyOf(leftOut);
    }

    /** Ranks that agree on it were given the same sweep. */
    public String digest() {
        return Row.digest(name + " " + warmup + " " + iterations + " "
                + rows.stream().map(row -> row.id() + row.job().digest()).collect(Collectors.joining(" ")));
    }
}
