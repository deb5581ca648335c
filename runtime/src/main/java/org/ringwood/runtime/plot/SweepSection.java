package org.ringwood.runtime.plot;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.ringwood.runtime.sweep.Baseline;
import org.ringwood.runtime.sweep.Measurement;
import org.ringwood.runtime.sweep.Provenance;
import org.ringwood.runtime.sweep.Results;

/** The part of a page that shows one sweep: figures, and all of it as a table. */
final class SweepSection {
    private static final List<String> TITLES = List.of(
            "schedule",
            "partition",
            "workers",
            "nodes",
            "queries",
            "tokens",
            "heads",
            "dims",
            "dtype",
            "mask",
            "transport",
            "time (min–max)",
            "ranks' mean time",
            "predicted",
            "efficiency",
            "speed-up",
            "waiting",
            "across nodes",
            "within nodes",
            "moved/needed",
            "hops",
            "max/mean work",
            "peak of a rank",
            "share of link",
            "error of allowed",
            "iterations");

    private final String title;
    private final List<Cell> cells;
    private final SweepFigures figures;
    private final List<Figure> drawn;

    private SweepSection(String title, List<Cell> cells, SweepFigures figures) {
        this.title = title;
        this.cells = cells;
        this.figures = figures;
        this.drawn = figures.all();
    }

    /**
     * A sweep's section.
     *
     * @param rows of that sweep, at least one
     */
    static SweepSection of(String sweep, List<Measurement> rows, Results results) {
        Optional<Provenance> told = rows.stream()
                .map(row -> results.of(row.run()))
                .flatMap(Optional::stream)
                .reduce((_, last) -> last);
        String x = told.map(Provenance::x).orElse("");
        List<Cell> cells = Cell.of(rows, isByRun(x));
        Set<String> referred = rows.stream().map(Measurement::baseline).collect(Collectors.toSet());
        Map<String, Cell> baselines = Cell.of(rows, false).stream()
                .filter(cell -> referred.contains(cell.any().row()))
                .collect(Collectors.toMap(cell -> cell.any().row(), cell -> cell));
        List<Cell> shown = shown(cells, referred, x);
        boolean sameThreads = told.map(Provenance::baseline)
                .filter(Baseline.SAME_THREADS.toString()::equals)
                .isPresent();
        SweepFigures figures = new SweepFigures(sweep, shown, baselines, sameThreads, new Traits(shown, x));
        return new SweepSection(told.map(Provenance::title).orElse(sweep), cells, figures);
    }

    /** Those that are compared with others; along ranks, what they are compared with is the first point of a line that goes on alike. */
    private static List<Cell> shown(List<Cell> cells, Set<String> baselines, String x) {
        List<Cell> compared = cells.stream()
                .filter(cell -> !baselines.contains(cell.any().row()))
                .toList();
        if (compared.isEmpty() || !Traits.alongRanks(compared, x)) {
            return compared.isEmpty() ? cells : compared;
        }
        return cells.stream()
                .filter(cell -> compared.contains(cell)
                        || compared.stream().anyMatch(other -> isAlike(cell.any(), other.any())))
                .toList();
    }

    private static boolean isAlike(Measurement one, Measurement other) {
        return one.schedule().equals(other.schedule())
                && one.partition().equals(other.partition())
                && one.transport().equals(other.transport())
                && one.threads() == other.threads();
    }

    /** Along the link, the same row of two runs is two points. */
    static boolean isByRun(String x) {
        return x.equals("link_bytes_per_s");
    }

    List<Figure> figures() {
        return drawn;
    }

    String html() {
        StringBuilder html =
                new StringBuilder("<section><h2>").append(Html.escape(title)).append("</h2>\n");
        Map<String, List<Figure>> places =
                drawn.stream().collect(Collectors.groupingBy(Figure::place, LinkedHashMap::new, Collectors.toList()));
        places.forEach((place, there) -> html.append(
                        places.size() == 1 ? "" : "<h3>" + Html.escape(place.isEmpty() ? "all" : place) + "</h3>\n")
                .append(figures(there)));
        html.append("<details open><summary>The same as a table</summary>\n");
        List<List<String>> rows = new ArrayList<>();
        cells.forEach(cell -> rows.add(row(cell)));
        html.append("<p>Times are medians of the iterations, of the slowest rank. Speed-up is against ")
                .append(Html.escape(figures.first()))
                .append(" in the same place.</p>\n")
                .append(Html.table(TITLES, rows));
        return html.append("</details></section>\n").toString();
    }

    private static String figures(List<Figure> there) {
        return there.stream()
                .map(figure -> "<figure>" + Drawing.inline(figure) + "</figure>\n")
                .collect(Collectors.joining("", "<div class=\"figures\">\n", "</div>\n"));
    }

    private List<String> row(Cell cell) {
        Measurement any = cell.any();
        Series.Point time = cell.point(0, Measurement::timeUs);
        Dimension.Unit unit = Dimension.TIME.unit(time.y());
        return List.of(
                any.schedule() + (any.schedule().equals(any.ranSchedule()) ? "" : " → " + any.ranSchedule()),
                any.partition() + (any.partition().equals(any.ranPartition()) ? "" : " → " + any.ranPartition()),
                Integer.toString(any.workers()),
                Integer.toString(any.nodes()),
                Long.toString(any.queries()),
                Long.toString(any.tokens()),
                any.heads() + "/" + any.kvHeads(),
                any.dim() + "/" + any.dimV(),
                any.dtype(),
                any.mask(),
                any.transport(),
                unit.text(time.y()) + " (" + unit.number(time.low()) + "–" + unit.number(time.high()) + ")",
                Dimension.TIME.text(cell.median(Measurement::timeUsMean)),
                Dimension.TIME.text(cell.median(Measurement::predictedUs)),
                Dimension.SHARE.text(figures.efficiency(cell)),
                Dimension.RATIO.text(figures.speedup(cell)),
                Dimension.SHARE.text(cell.waiting()),
                Dimension.BYTES.text((double) any.bytesInterNode()),
                Dimension.BYTES.text((double) any.bytesIntraNode()),
                Dimension.RATIO.text(cell.movedOverNeeded()),
                Long.toString(any.hops()),
                Dimension.RATIO.text(any.imbalance()),
                Dimension.BYTES.text((double) any.peakTensorBytes()),
                Dimension.SHARE.text(cell.median(Measurement::linkShare)),
                String.format(Locale.ROOT, "%.1e of %.1e", any.errorMaxAbs(), any.errorBound()),
                Integer.toString(cell.all().size()));
    }
}
