package org.ringwood.runtime.cli;

import java.util.Comparator;
import java.util.stream.Collectors;
import org.ringwood.runtime.job.Input;
import org.ringwood.runtime.report.Table;
import org.ringwood.runtime.sweep.Pending;
import org.ringwood.runtime.sweep.Row;
import org.ringwood.runtime.sweep.Sweep;

/** The rows of a sweep for people who are about to start it. */
final class SweepTable {
    private SweepTable() {}

    static String of(Sweep sweep, Pending pending) {
        Table table = new Table(
                Table.left("row"),
                Table.right("nodes"),
                Table.right("workers"),
                Table.left("schedule"),
                Table.left("partition"),
                Table.right("queries"),
                Table.right("tokens"),
                Table.right("heads"),
                Table.right("dims"),
                Table.left("dtype"),
                Table.left("mask"),
                Table.left("transport"),
                Table.left("scaling"),
                Table.left("baseline"),
                Table.right("to measure"));
        for (Row row : sweep.rows()) {
            Input.Random sizes = row.sizes();
            table.row(
                    row.id(),
                    Integer.toString(row.nodes()),
                    Integer.toString(row.workers()),
                    row.schedule().toString(),
                    row.job().attention().partition().toString(),
                    Long.toString(sizes.queries()),
                    Long.toString(sizes.tokens()),
                    sizes.heads() + "/" + sizes.kvHeads(),
                    sizes.dim() + "/" + sizes.dimV(),
                    row.dtype(),
                    row.mask(),
                    row.job().transport().toString(),
                    row.scaling().toString(),
                    row.baseline().orElse("-"),
                    Integer.toString(pending.iterations(row).size()));
        }
        return table + transports(pending) + summary(sweep, pending);
    }

    /** A line that batch scripts read, too. */
    private static String transports(Pending pending) {
        return "transport: "
                + pending.rows().stream()
                        .map(row -> row.job().transport().toString())
                        .distinct()
                        .collect(Collectors.joining(" "))
                + "\n";
    }

    private static String summary(Sweep sweep, Pending pending) {
        String places = pending.rows().stream()
                .sorted(Comparator.comparingInt(Row::machines).thenComparingInt(Row::processes))
                .map(row -> row.machines() + "/" + row.processes())
                .distinct()
                .collect(Collectors.joining(" "));
        return sweep.rows().size() + " rows, of which " + pending.rows().size() + " are to be measured"
                + (places.isEmpty() ? "" : " on nodes/workers: " + places) + "\n";
    }
}
