package org.ringwood.runtime.plot;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.ringwood.runtime.sweep.Measurement;

/** The figures of one sweep. */
final class SweepFigures {
    private final String sweep;
    private final List<Cell> cells;
    private final Map<String, Cell> baselines;
    private final boolean sameThreads;
    private final Traits traits;
    private final Map<String, Integer> styles = new LinkedHashMap<>();

    /**
     * @param cells of the sweep's rows
     * @param baselines cells of the rows that others are compared with, and no others, by their ids
     * @param sameThreads whether they have the threads of all workers
     */
    SweepFigures(String sweep, List<Cell> cells, Map<String, Cell> baselines, boolean sameThreads, Traits traits) {
        this.sweep = sweep;
        this.cells = cells;
        this.baselines = baselines;
        this.sameThreads = sameThreads;
        this.traits = traits;
        cells.forEach(cell -> styles.putIfAbsent(traits.series(cell.any()), styles.size()));
    }

    /** What part of the baseline's speed each worker keeps; NaN if there is no baseline. */
    double efficiency(Cell cell) {
        String itself = cell.any().row();
        Cell baseline = baselines.get(
                baselines.containsKey(itself) ? itself : cell.any().baseline());
        return baseline == null ? Double.NaN : cell.efficiency(baseline, sameThreads);
    }

    /** Time of the first series over that of this cell; NaN where the first one has no such point. */
    double speedup(Cell cell) {
        String first = styles.keySet().iterator().next();
        return cells.stream()
                .filter(other -> traits.series(other.any()).equals(first)
                        && traits.facet(other.any()).equals(traits.facet(cell.any()))
                        && traits.x(other.any()) == traits.x(cell.any()))
                .mapToDouble(other -> other.time() / cell.time())
                .findFirst()
                .orElse(Double.NaN);
    }

    /** The name of the series that others are compared with. */
    String first() {
        return styles.keySet().iterator().next();
    }

    /** All figures that have something to show. */
    List<Figure> all() {
        List<Figure> figures = new ArrayList<>();
        Map<String, List<Cell>> facets = new LinkedHashMap<>();
        cells.forEach(cell -> facets.computeIfAbsent(traits.facet(cell.any()), _ -> new ArrayList<>())
                .add(cell));
        facets.forEach((facet, inside) -> figures.addAll(ofFacet(facet, inside)));
        predictions().ifPresent(figures::add);
        return figures;
    }

    private List<Figure> ofFacet(String facet, List<Cell> inside) {
        List<Optional<Figure>> figures = new ArrayList<>();
        Panel panel = new Panel(facet, inside);
        figures.add(panel.figure(
                "time",
                "Time of the slowest rank",
                new Figure.Axis("time", Dimension.TIME, true),
                cell -> cell.point(traits.x(cell.any()), Measurement::timeUs),
                Optional.empty()));
        figures.add(panel.figure(
                "efficiency",
                "Efficiency against " + (sameThreads ? "one process with all threads" : "one worker"),
                new Figure.Axis("efficiency", Dimension.SHARE, false),
                at(this::efficiency),
                Optional.of(new Figure.Ideal.Level("ideal", 1))));
        if (styles.size() > 1) {
            figures.add(panel.figure(
                    "speed",
                    "How many times as fast as " + first(),
                    new Figure.Axis("time of " + first() + " over time", Dimension.RATIO, true),
                    at(this::speedup),
                    Optional.of(new Figure.Ideal.Level("as fast", 1))));
        }
        figures.add(panel.figure(
                "bytes-across-nodes",
                "Bytes across nodes, of all ranks",
                new Figure.Axis("bytes across nodes", Dimension.BYTES, true),
                at(cell -> (double) cell.any().bytesInterNode()),
                Optional.empty()));
        figures.add(panel.figure(
                "bytes-within-nodes",
                "Bytes within nodes, of all ranks",
                new Figure.Axis("bytes within nodes", Dimension.BYTES, true),
                at(cell -> (double) cell.any().bytesIntraNode()),
                Optional.empty()));
        figures.add(panel.figure(
                "moved-over-needed",
                "Bytes moved over bytes needed",
                new Figure.Axis("moved / needed", Dimension.RATIO, false),
                at(Cell::movedOverNeeded),
                Optional.of(new Figure.Ideal.Level("nothing in vain", 1))));
        figures.add(panel.figure(
                "waiting",
                "Waiting: share of the time without a kernel",
                new Figure.Axis("waiting, mean of ranks", Dimension.SHARE, false),
                at(Cell::waiting),
                Optional.empty()));
        figures.add(panel.figure(
                "peak-memory",
                "Peak tensor memory of a rank",
                new Figure.Axis("peak tensor bytes", Dimension.BYTES, true),
                at(cell -> (double) cell.any().peakTensorBytes()),
                Optional.empty()));
        figures.add(panel.figure(
                "balance",
                "Work of the busiest rank over the mean",
                new Figure.Axis("max / mean work", Dimension.RATIO, false),
                at(cell -> cell.any().imbalance()),
                Optional.of(new Figure.Ideal.Level("balanced", 1))));
        return figures.stream().flatMap(Optional::stream).toList();
    }

    private Function<Cell, Series.Point> at(ToDoubleFunction<Cell> of) {
        return cell -> Series.Point.of(traits.x(cell.any()), of.applyAsDouble(cell));
    }

    /** The cells of one facet. */
    private final class Panel {
        private final String facet;
        private final List<Cell> inside;

        Panel(String facet, List<Cell> inside) {
            this.facet = facet;
            this.inside = inside;
        }

        /** A figure, unless nothing in it is a number above zero. */
        Optional<Figure> figure(
                String name,
                String title,
                Figure.Axis y,
                Function<Cell, Series.Point> point,
                Optional<Figure.Ideal> ideal) {
            Map<String, List<Series.Point>> points = new LinkedHashMap<>();
            for (Cell cell : inside) {
                Series.Point drawn = point.apply(cell);
                if (Double.isFinite(drawn.x()) && Double.isFinite(drawn.y()) && (drawn.y() > 0 || !y.logarithmic())) {
                    points.computeIfAbsent(traits.series(cell.any()), _ -> new ArrayList<>())
                            .add(drawn);
                }
            }
            if (points.values().stream().flatMap(List::stream).noneMatch(each -> each.y() > 0)) {
                return Optional.empty();
            }
            return Optional.of(new Figure(
                    fileName(sweep + (facet.isEmpty() ? "" : "-" + facet) + "-" + name),
                    title,
                    facet,
                    traits.axis(),
                    y,
                    series(points, true),
                    ideal));
        }
    }

    private List<Series> series(Map<String, List<Series.Point>> points, boolean joined) {
        List<Series> series = new ArrayList<>();
        styles.forEach((name, style) -> {
            List<Series.Point> sorted = points.getOrDefault(name, List.of()).stream()
                    .sorted(Comparator.comparingDouble(Series.Point::x))
                    .toList();
            if (!sorted.isEmpty()) {
                series.add(new Series(name, style, sorted, joined));
            }
        });
        return series;
    }

    private Optional<Figure> predictions() {
        Map<String, List<Series.Point>> points = new LinkedHashMap<>();
        for (Cell cell : cells) {
            double predicted = cell.median(Measurement::predictedUs);
            if (predicted > 0 && cell.any().workers() > 1) {
                points.computeIfAbsent(traits.series(cell.any()), _ -> new ArrayList<>())
                        .add(Series.Point.of(predicted, cell.time()));
            }
        }
        if (points.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Figure(
                fileName(sweep + "-prediction"),
                "The plan's prediction and the measurement",
                "",
                new Figure.Axis("predicted time", Dimension.TIME, true),
                new Figure.Axis("measured time", Dimension.TIME, true),
                series(points, false),
                Optional.of(new Figure.Ideal.Diagonal("as predicted"))));
    }

    static String fileName(String text) {
        String name = text.replaceAll("[^A-Za-z0-9._-]+", "-").replaceAll("-+$", "");
        return name.length() <= 120 ? name : name.substring(0, 100) + "-" + Integer.toHexString(text.hashCode());
    }
}
