package org.ringwood.runtime.plot;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.ringwood.runtime.net.LinkMeasurement;

/** The part of a page that shows the links themselves. */
final class LinkSection {
    private static final List<String> TITLES = List.of(
            "transport",
            "operation",
            "between",
            "ranks",
            "size (B)",
            "count",
            "type",
            "redop",
            "time (us)",
            "algbw (GB/s)",
            "busbw (GB/s)",
            "#wrong",
            "iterations");

    private final List<LinkMeasurement> links;

    LinkSection(List<LinkMeasurement> links) {
        this.links = links;
    }

    List<Figure> figures() {
        if (links.isEmpty()) {
            return List.of();
        }
        Map<String, List<Series.Point>> rates = new LinkedHashMap<>();
        Map<String, List<Series.Point>> times = new LinkedHashMap<>();
        for (LinkMeasurement link : links) {
            String pair = link.between().equals("all") ? "" : " " + link.between();
            String name = link.operation() + " " + link.transport() + pair;
            rates.computeIfAbsent(name, _ -> new ArrayList<>())
                    .add(Series.Point.of((double) link.sizeBytes(), link.busbwGbS() * 1e9));
            times.computeIfAbsent(name, _ -> new ArrayList<>())
                    .add(Series.Point.of((double) link.sizeBytes(), link.timeUs()));
        }
        Figure.Axis size = new Figure.Axis("size", Dimension.BYTES, true);
        return List.of(
                new Figure(
                        "net-bandwidth",
                        "Bus bandwidth of the links",
                        "",
                        size,
                        new Figure.Axis("bus bandwidth", Dimension.RATE, true),
                        series(rates),
                        Optional.empty()),
                new Figure(
                        "net-time",
                        "Time of an exchange",
                        "",
                        size,
                        new Figure.Axis("time", Dimension.TIME, true),
                        series(times),
                        Optional.empty()));
    }

    private static List<Series> series(Map<String, List<Series.Point>> points) {
        List<Series> series = new ArrayList<>();
        points.forEach((name, all) -> series.add(new Series(name, series.size(), all, true)));
        return series;
    }

    String html() {
        if (links.isEmpty()) {
            return "";
        }
        StringBuilder html = new StringBuilder("<section><h2>The links themselves</h2>\n<div class=\"figures\">\n");
        figures()
                .forEach(figure ->
                        html.append("<figure>").append(Drawing.inline(figure)).append("</figure>\n"));
        html.append("</div>\n<details open><summary>The same as a table</summary>\n");
        List<List<String>> rows = new ArrayList<>();
        links.forEach(link -> rows.add(row(link)));
        return html.append(Html.table(TITLES, rows))
                .append("</details></section>\n")
                .toString();
    }

    private static List<String> row(LinkMeasurement link) {
        return List.of(
                link.transport(),
                link.operation(),
                link.between(),
                Integer.toString(link.ranks()),
                Long.toString(link.sizeBytes()),
                Long.toString(link.count()),
                link.dtype(),
                link.redop(),
                String.format(Locale.ROOT, "%.1f", link.timeUs()),
                String.format(Locale.ROOT, "%.4f", link.algbwGbS()),
                String.format(Locale.ROOT, "%.4f", link.busbwGbS()),
                Long.toString(link.wrong()),
                Integer.toString(link.iterations()));
    }
}
