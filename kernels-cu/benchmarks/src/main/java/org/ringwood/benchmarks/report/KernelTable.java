package org.ringwood.benchmarks.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.ringwood.benchmarks.measure.Measurement;
import org.ringwood.benchmarks.measure.Measurement.Outcome;
import org.ringwood.benchmarks.measure.Measurement.Timing;
import org.ringwood.benchmarks.report.MarkdownTable.Column;

/** The table of {@code ringwood bench kernels} and the notes below it. */
public final class KernelTable {
    private static final String NOTHING = "—";
    private static final double GIGA = 1e9;

    private final List<String> peers;
    private final MarkdownTable table;
    private final Set<String> notes = new LinkedHashSet<>();

    /** A table with a pair of columns for every peer. */
    public KernelTable(List<String> peers) {
        this.peers = List.copyOf(peers);
        List<Column> columns = new ArrayList<>(List.of(
                Column.left("case", 56),
                Column.right("threads", 1),
                Column.right("Ringwood", 13),
                Column.right("ceiling", 7),
                Column.right("share", 5)));
        for (String peer : peers) {
            columns.add(Column.right(peer, 6));
            columns.add(Column.right("ratio", 6));
        }
        columns.add(Column.right("cost a pair", 18));
        columns.add(Column.right("error", 7));
        for (String peer : peers) {
            columns.add(Column.right(peer + " error", 7));
            columns.add(Column.right("difference", 7));
        }
        this.table = new MarkdownTable(columns);
    }

    /** Titles, two lines. */
    public String head() {
        return table.head();
    }

    /** One measurement, one line. */
    public String row(Measurement measured) {
        boolean decode = measured.subject().workload().isDecode();
        List<String> cells = new ArrayList<>();
        cells.add(measured.subject().workload().toString());
        cells.add(Integer.toString(measured.threads()));
        cells.add(digits(measured.rate(measured.own()) / GIGA) + (decode ? " GB/s" : " GFLOP/s"));
        cells.add(digits(measured.ceiling() / GIGA));
        cells.add(text("%.0f %%", 100 * measured.rate(measured.own()) / measured.ceiling()));
        measured.peers().forEach(outcome -> addSpeed(cells, measured, outcome));
        cells.add(relativeCost(measured));
        cells.add(error(measured.own()) + (measured.exact() ? "" : " WRONG"));
        measured.peers().forEach(outcome -> addAccuracy(cells, outcome));
        noteAbsences(measured);
        return table.row(cells);
    }

    /** Why cells are empty, one line each; complete once all rows are there. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    private static void addSpeed(List<String> cells, Measurement measured, Outcome outcome) {
        switch (outcome) {
            case Outcome.Absent _ -> cells.addAll(List.of(NOTHING, NOTHING));
            case Outcome.Measured(Timing peer, double _) -> {
                cells.add(digits(measured.rate(peer) / GIGA));
                cells.add(measured.isSame(peer) ? text("%.2f ×", measured.speedup(peer)) : "differs");
            }
        }
    }

    private static void addAccuracy(List<String> cells, Outcome outcome) {
        switch (outcome) {
            case Outcome.Absent _ -> cells.addAll(List.of(NOTHING, NOTHING));
            case Outcome.Measured(Timing peer, double difference) -> {
                cells.add(error(peer));
                cells.add(text("%.1e", difference));
            }
        }
    }

    private static String relativeCost(Measurement measured) {
        return measured.subject()
                .baseline()
                .map(baseline -> text("%.2f of ", measured.relativeCost().orElseThrow()) + baseline.name())
                .orElse(NOTHING);
    }

    private void noteAbsences(Measurement measured) {
        for (int i = 0; i < peers.size(); i++) {
            if (measured.peers().get(i) instanceof Outcome.Absent(String reason)) {
                notes.add(peers.get(i) + " is left out where " + reason);
            }
        }
    }

    private static String error(Timing timing) {
        return text("%.1e", timing.relativeError());
    }

    private static String digits(double number) {
        int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
        return text("%." + decimals + "f", number);
    }

    private static String text(String format, double number) {
        return String.format(Locale.ROOT, format, number);
    }
}
