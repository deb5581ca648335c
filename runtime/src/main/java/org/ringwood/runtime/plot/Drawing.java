package org.ringwood.runtime.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** A figure as SVG. */
final class Drawing {
    private static final double WIDTH = 455;
    private static final double LEFT = 62;
    private static final double RIGHT = 16;
    private static final double TOP = 48;
    private static final double PLOT_HEIGHT = 214;
    private static final double BELOW = 48;
    private static final double LEGEND_LINE = 17;
    private static final double LETTER = 6.3;
    private static final double LEGEND_GAP = 34;
    private static final double WIDE = 500;
    private static final double HALF = 0.5;
    /** Room for ticks with units of their own. */
    private static final double WIDE_LEFT = 84;

    private final Figure figure;
    private final Dimension.Unit xUnit;
    private final Dimension.Unit yUnit;
    private final Scale x;
    private final Scale y;
    private final double left;
    private final StringBuilder svg = new StringBuilder();

    private Drawing(Figure figure) {
        this.figure = figure;
        double[] xs = figure.series().stream()
                .flatMap(series -> series.points().stream())
                .mapToDouble(Series.Point::x)
                .toArray();
        double[] ys = figure.series().stream()
                .flatMap(series -> series.points().stream())
                .flatMapToDouble(point -> DoubleStream.of(point.low(), point.y(), point.high()))
                .toArray();
        boolean diagonal =
                figure.ideal().filter(Figure.Ideal.Diagonal.class::isInstance).isPresent();
        double[] levels = figure.ideal()
                .filter(Figure.Ideal.Level.class::isInstance)
                .map(level -> new double[] {((Figure.Ideal.Level) level).y()})
                .orElse(new double[0]);
        double[] both =
                DoubleStream.concat(DoubleStream.of(xs), DoubleStream.of(ys)).toArray();
        double[] yAndIdeal = DoubleStream.concat(DoubleStream.of(ys), DoubleStream.of(levels))
                .toArray();
        this.xUnit = figure.x().dimension().unit(largest(xs));
        this.yUnit = diagonal ? xUnit : figure.y().dimension().unit(largest(ys));
        this.x = diagonal ? scale(figure.x(), both, xUnit) : alongX(figure.x(), xs, xUnit);
        this.y = diagonal ? x : scale(figure.y(), yAndIdeal, yUnit);
        this.left = isWide() ? WIDE_LEFT : LEFT;
    }

    /** The figure as part of a page, which has the styles. */
    static String inline(Figure figure) {
        return new Drawing(figure).draw("");
    }

    /** The figure as a file of its own. */
    static String file(Figure figure) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                + new Drawing(figure).draw("<style>" + Palette.printed() + "</style>\n");
    }

    private static double largest(double[] values) {
        return DoubleStream.of(values).filter(Double::isFinite).max().orElse(1);
    }

    private static Scale scale(Figure.Axis axis, double[] values, Dimension.Unit unit) {
        if (axis.dimension() == Dimension.SHARE && largest(values) > HALF && largest(values) <= 1) {
            return Scale.PARTS;
        }
        if (!axis.logarithmic()) {
            return Scale.linear(largest(values), unit.factor());
        }
        double smallest = DoubleStream.of(values)
                .filter(value -> Double.isFinite(value) && value > 0)
                .min()
                .orElse(1);
        return Scale.logarithmic(
                smallest,
                Math.max(smallest, largest(values)),
                unit.factor(),
                axis.dimension().isBinary());
    }

    private static Scale alongX(Figure.Axis axis, double[] xs, Dimension.Unit unit) {
        boolean counted = axis.dimension() == Dimension.COUNT && axis.logarithmic();
        return counted ? Scale.atValues(DoubleStream.of(xs).boxed().toList()) : scale(axis, xs, unit);
    }

    private String draw(String style) {
        List<List<Entry>> legend = legend();
        double height = TOP + PLOT_HEIGHT + BELOW + legend.size() * LEGEND_LINE + 4;
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" aria-label=\"%s\">%n",
                WIDTH,
                height,
                WIDTH,
                height,
                Html.escape(figure.title() + " " + figure.place())));
        svg.append(style);
        text(LEFT - 50, 18, "title", "start", figure.title());
        text(LEFT - 50, 35, "tick", "start", shortened(figure.place()));
        drawAxes();
        drawIdeal();
        figure.series().forEach(this::drawSeries);
        drawLegend(legend);
        return svg.append("</svg>\n").toString();
    }

    private static String shortened(String text) {
        int room = (int) (WIDTH / LETTER);
        return text.length() <= room ? text : text.substring(0, room - 1) + "…";
    }

    private double px(double value) {
        return left + x.at(value) * (WIDTH - left - RIGHT);
    }

    private double py(double value) {
        return TOP + (1 - y.at(value)) * PLOT_HEIGHT;
    }

    private void drawAxes() {
        double bottom = TOP + PLOT_HEIGHT;
        for (double tick : y.ticks()) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    left,
                    WIDTH - RIGHT,
                    py(tick),
                    py(tick)));
            text(left - 6, py(tick) + 4, "tick", "end", yTick(tick));
        }
        for (double tick : x.ticks()) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    px(tick),
                    px(tick),
                    TOP,
                    bottom));
            text(px(tick), bottom + 15, "tick", "middle", xTick(tick));
        }
        svg.append(String.format(
                Locale.ROOT,
                "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>%n",
                left,
                TOP,
                WIDTH - left - RIGHT,
                PLOT_HEIGHT));
        text(
                left + (WIDTH - left - RIGHT) / 2,
                bottom + 33,
                "label",
                "middle",
                xUnit.label(figure.x().quantity()));
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(14,%.1f) rotate(-90)\">%s</text>%n",
                TOP + PLOT_HEIGHT / 2,
                Html.escape(
                        isWide()
                                ? figure.y().quantity()
                                : yUnit.label(figure.y().quantity()))));
    }

    /** Over several units each tick has its own. */
    private boolean isWide() {
        return y.logarithmic() && y.to() / y.from() > WIDE;
    }

    private String yTick(double tick) {
        return isWide() ? figure.y().dimension().text(tick) : yUnit.number(tick);
    }

    private String xTick(double tick) {
        boolean many = figure.x().dimension() == Dimension.COUNT && tick >= 1024 && tick % 1024 == 0;
        return many ? Dimension.COUNT.text(tick / 1024) + " Ki" : xUnit.number(tick);
    }

    private void drawIdeal() {
        figure.ideal().ifPresent(ideal -> {
            switch (ideal) {
                case Figure.Ideal.Level level -> ideal(left, py(level.y()), WIDTH - RIGHT, py(level.y()));
                case Figure.Ideal.Diagonal _ -> ideal(left, TOP + PLOT_HEIGHT, WIDTH - RIGHT, TOP);
            }
        });
    }

    private void ideal(double fromX, double fromY, double toX, double toY) {
        svg.append(String.format(
                Locale.ROOT,
                "<line class=\"ideal\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
                fromX,
                fromY,
                toX,
                toY));
    }

    private void drawSeries(Series series) {
        List<Series.Point> drawn = series.points().stream()
                .filter(point -> x.has(point.x()) && y.has(point.y()))
                .toList();
        int style = series.style() % Palette.styles();
        if (series.joined() && drawn.size() > 1) {
            StringBuilder points = new StringBuilder();
            drawn.forEach(
                    point -> points.append(String.format(Locale.ROOT, "%.1f,%.1f ", px(point.x()), py(point.y()))));
            svg.append("<polyline class=\"line s" + style + "\" points=\""
                    + points.toString().strip() + "\"/>\n");
        }
        for (Series.Point point : drawn) {
            if (point.high() > point.low() && y.has(point.low())) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<line class=\"span s%d\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                        style,
                        px(point.x()),
                        px(point.x()),
                        py(point.low()),
                        py(point.high())));
            }
            svg.append(Palette.marker(series.style(), px(point.x()), py(point.y())));
        }
        svg.append('\n');
    }

    /** A name in the legend; a style below zero is the ideal's dashes. */
    private record Entry(String name, int style) {
        double width() {
            return LEGEND_GAP + name.length() * LETTER;
        }
    }

    private List<List<Entry>> legend() {
        List<Entry> entries = new ArrayList<>();
        figure.series().forEach(series -> entries.add(new Entry(series.name(), series.style())));
        figure.ideal().ifPresent(ideal -> entries.add(new Entry(ideal.name(), -1)));
        List<List<Entry>> lines = new ArrayList<>();
        double used = WIDTH;
        for (Entry entry : entries) {
            if (used + entry.width() > WIDTH - RIGHT) {
                lines.add(new ArrayList<>());
                used = LEFT - 40;
            }
            lines.getLast().add(entry);
            used += entry.width();
        }
        return lines;
    }

    private void drawLegend(List<List<Entry>> lines) {
        double lineY = TOP + PLOT_HEIGHT + BELOW + 6;
        for (List<Entry> line : lines) {
            double at = LEFT - 40;
            for (Entry entry : line) {
                if (entry.style() < 0) {
                    ideal(at, lineY - 4, at + 20, lineY - 4);
                } else {
                    svg.append(String.format(
                            Locale.ROOT,
                            "<line class=\"line s%d\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                            entry.style() % Palette.styles(),
                            at,
                            at + 20,
                            lineY - 4,
                            lineY - 4));
                    svg.append(Palette.marker(entry.style(), at + 10, lineY - 4));
                }
                text(at + 25, lineY, "key", "start", entry.name());
                at += entry.width();
            }
            lineY += LEGEND_LINE;
        }
    }

    private void text(double atX, double atY, String style, String anchor, String text) {
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
                style,
                atX,
                atY,
                anchor,
                Html.escape(text)));
    }
}
