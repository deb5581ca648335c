package org.ringwood.runtime.plot;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.ringwood.runtime.sweep.CsvFormat;
import org.ringwood.runtime.sweep.Measurement;

/** Which of the things that a sweep can vary it does vary, and so what tells its lines and its figures apart. */
final class Traits {
    private static final CsvFormat<Measurement> FORMAT = CsvFormat.of(Measurement.class);
    /** Along which to draw, if these vary and the sweep does not say. */
    private static final List<String> DRAWN_ALONG = List.of("workers", "tokens", "queries", "heads", "dim");

    private final List<String> ofSeries = new ArrayList<>();
    private final Map<String, Function<Measurement, String>> ofFacets = new LinkedHashMap<>();
    private final String x;

    /**
     * @param wanted column to draw along; empty to choose
     */
    Traits(List<Cell> cells, String wanted) {
        this.x = wanted.isEmpty() ? choose(cells) : wanted;
        for (String column : List.of("schedule", "partition", "transport", "pass", "threads", "device")) {
            if (varies(cells, each -> FORMAT.cell(column, each))) {
                ofSeries.add(column);
            }
        }
        facet(cells, "scaling", Measurement::scaling);
        facet(cells, "mask", Measurement::mask);
        facet(cells, "dtype", Measurement::dtype);
        facet(cells, "heads", each -> "heads " + each.heads() + "/" + each.kvHeads());
        facet(cells, "dim", each -> "dim " + each.dim() + "/" + each.dimV());
        if (x.equals("tokens") || !selfAttention(cells)) {
            facet(cells, "queries", each -> each.queries() == each.tokens() ? "" : each.queries() + " queries");
        }
        facet(cells, "tokens", Traits::tokens);
        facet(cells, "nodes", places(cells));
    }

    /** Along ranks, a figure shows how they scale over nodes that have as many each, or how they scale on one node. */
    private Function<Measurement, String> places(List<Cell> cells) {
        boolean onOneNode = x.equals("workers")
                && varies(cells.stream().filter(cell -> cell.any().nodes() == 1).toList(), Traits::workers);
        return each -> {
            if (!isOfRanks(x)) {
                return each.workers() + " workers on " + each.nodes() + (each.nodes() == 1 ? " node" : " nodes");
            }
            return onOneNode && each.nodes() == 1 ? "one node" : each.workers() / each.nodes() + " a node";
        };
    }

    /** Whether cells will be drawn along the number of ranks, wanted or not. */
    static boolean alongRanks(List<Cell> cells, String wanted) {
        return isOfRanks(wanted.isEmpty() ? choose(cells) : wanted)
                && (!wanted.isEmpty() || varies(cells, Traits::workers));
    }

    private static String workers(Measurement each) {
        return Integer.toString(each.workers());
    }

    private static boolean isOfRanks(String column) {
        return column.equals("workers") || column.equals("nodes");
    }

    private static boolean selfAttention(List<Cell> cells) {
        return cells.stream()
                .allMatch(cell -> cell.any().queries() == cell.any().tokens());
    }

    private static String choose(List<Cell> cells) {
        return DRAWN_ALONG.stream()
                .filter(column -> varies(cells, each -> FORMAT.cell(column, each)))
                .findFirst()
                .orElse("workers");
    }

    private void facet(List<Cell> cells, String column, Function<Measurement, String> label) {
        if (!column.equals(x) && varies(cells, label)) {
            ofFacets.put(column, label);
        }
    }

    private static boolean varies(List<Cell> cells, Function<Measurement, String> of) {
        return cells.stream()
                        .map(cell -> of.apply(cell.any()))
                        .distinct()
                        .limit(2)
                        .count()
                > 1;
    }

    /** Where tokens go with workers, those of one. */
    private static String tokens(Measurement each) {
        return switch (each.scaling()) {
            case "weak-tokens" -> each.tokens() / each.workers() + " tokens a worker";
            case "weak-work" -> "";
            default -> each.tokens() + " tokens";
        };
    }

    /** The column to draw along. */
    String x() {
        return x;
    }

    /** Where a measurement stands along it. */
    double x(Measurement each) {
        return Double.parseDouble(FORMAT.cell(x, each));
    }

    /** What is said of that axis. */
    Figure.Axis axis() {
        return switch (x) {
            case "link_bytes_per_s" -> new Figure.Axis("measured link of a rank", Dimension.RATE, true);
            case "dim" -> new Figure.Axis("head dim", Dimension.COUNT, true);
            default -> new Figure.Axis(x, Dimension.COUNT, true);
        };
    }

    /** The line that a measurement is a point of. */
    String series(Measurement each) {
        String name = ofSeries.stream()
                .map(column -> column.equals("threads") ? each.threads() + " threads" : FORMAT.cell(column, each))
                .collect(Collectors.joining(", "));
        return name.isEmpty() ? each.schedule() : name;
    }

    /** The figure that a measurement is in; empty if there is one only. */
    String facet(Measurement each) {
        return ofFacets.values().stream()
                .map(label -> label.apply(each))
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining(", "));
    }
}
