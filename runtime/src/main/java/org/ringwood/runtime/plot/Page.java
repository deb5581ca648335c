package org.ringwood.runtime.plot;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.WholeFile;
import org.ringwood.runtime.outcome.Build;
import org.ringwood.runtime.sweep.Measurement;
import org.ringwood.runtime.sweep.Provenance;
import org.ringwood.runtime.sweep.Results;

/** One page of all that was measured into a directory, in one file that needs no network, and its figures as files of their own. */
public final class Page {
    private static final String NAME = "index.html";
    private static final String FIGURES = "figures";
    private static final String LAYOUT = """
            body{margin:0 auto;max-width:1500px;padding:1.2rem 1.6rem 3rem;background:var(--paper);color:var(--ink);
            font:15px/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
            h1{font-size:1.6rem;margin:.2rem 0}h2{font-size:1.25rem;margin:2.2rem 0 .6rem}
            h3{font-size:1rem;margin:1.4rem 0 .5rem;color:var(--soft)}
            .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,430px),1fr));gap:14px}figure{margin:0;padding:8px;background:var(--card);border-radius:8px}
            figure svg{display:block;width:100%;height:auto}.notes{background:var(--warn);border-radius:8px;padding:.6rem 1rem}
            .notes ul{margin:.2rem 0;padding-left:1.2rem}.scroll{overflow-x:auto}summary{cursor:pointer;margin:.8rem 0 .4rem}
            table{border-collapse:collapse;font-size:13px;white-space:nowrap}th,td{padding:3px 9px;border-bottom:1px solid var(--grid);text-align:left}
            th{color:var(--soft);font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}footer{color:var(--soft);margin-top:2rem}
            """;

    private final Results results;
    private final List<SweepSection> sweeps;
    private final LinkSection links;
    private final List<String> notes;

    private Page(Results results, List<SweepSection> sweeps, LinkSection links, List<String> notes) {
        this.results = results;
        this.sweeps = sweeps;
        this.links = links;
        this.notes = notes;
    }

    /**
     * A page of all that was measured.
     *
     * @throws InputException if nothing was
     */
    public static Page of(Results results) {
        if (results.rows().isEmpty() && results.links().isEmpty()) {
            throw new InputException("no measurement was found"
                    + results.notes().stream().map(note -> "; " + note).collect(Collectors.joining())
                    + ": measure some by ringwood bench SWEEP.yaml --out DIR");
        }
        List<String> notes = new ArrayList<>(results.notes());
        List<SweepSection> sections = new ArrayList<>();
        Map<String, List<Measurement>> bySweep = results.rows().stream()
                .sorted(Comparator.comparing(Measurement::run))
                .collect(Collectors.groupingBy(Measurement::sweep, LinkedHashMap::new, Collectors.toList()));
        bySweep.forEach((sweep, rows) -> {
            sections.add(SweepSection.of(sweep, rows, results));
            boolean byRun = results.provenance().values().stream()
                    .anyMatch(run -> run.sweep().equals(sweep) && SweepSection.isByRun(run.x()));
            notes.addAll(Doubts.about(results, sweep, byRun, rows));
        });
        return new Page(results, sections, new LinkSection(results.links()), notes);
    }

    /** What its reader should know, a sentence each. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /**
     * Writes page and figures.
     *
     * @return file of the page
     * @throws InputException if they cannot be written
     */
    public Path write(Path directory) {
        Path figures = directory.resolve(FIGURES);
        try {
            Files.createDirectories(figures);
        } catch (IOException e) {
            throw WholeFile.refusal(figures, e);
        }
        for (SweepSection sweep : sweeps) {
            sweep.figures().forEach(figure -> writeFigure(figures, figure));
        }
        links.figures().forEach(figure -> writeFigure(figures, figure));
        Path page = directory.resolve(NAME);
        text(page, html());
        return page;
    }

    private static void writeFigure(Path directory, Figure figure) {
        text(directory.resolve(figure.name() + ".svg"), Drawing.file(figure));
    }

    private static void text(Path file, String text) {
        WholeFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    String html() {
        StringBuilder html = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                + "<meta name=\"color-scheme\" content=\"light dark\"><title>Ringwood measurements</title>\n<style>\n"
                + Palette.variables() + LAYOUT + "</style></head><body>\n<h1>Ringwood measurements</h1>\n");
        html.append(emulation());
        if (!notes.isEmpty()) {
            html.append("<div class=\"notes\"><strong>To be known</strong><ul>\n");
            notes.forEach(note -> html.append("<li>").append(Html.escape(note)).append("</li>\n"));
            html.append("</ul></div>\n");
        }
        sweeps.forEach(sweep -> html.append(sweep.html()));
        html.append(links.html()).append(provenance());
        return html.append("<footer>Drawn by Ringwood ")
                .append(Html.escape(Build.version() + " (" + Build.commit() + ")"))
                .append(
                        ". Every row was compared with the f64 oracle; vertical bars span all iterations.</footer>\n</body></html>\n")
                .toString();
    }

    private String emulation() {
        String emulated = results.provenance().values().stream()
                .map(Provenance::emulated)
                .filter(text -> !text.isEmpty())
                .distinct()
                .sorted()
                .map(Html::escape)
                .collect(Collectors.joining(".<br>"));
        return emulated.isEmpty()
                ? ""
                : "<p class=\"notes\"><strong>Emulated:</strong> " + emulated
                        + ". Bytes, hops and memory are exact; times tell about these links only.</p>\n";
    }

    private String provenance() {
        List<List<String>> rows = results.provenance().values().stream()
                .sorted(Comparator.comparing(Provenance::started))
                .map(Page::provenance)
                .toList();
        return rows.isEmpty()
                ? ""
                : "<section><h2>Where the figures come from</h2>\n"
                        + Html.table(
                                List.of(
                                        "run",
                                        "started (UTC)",
                                        "version",
                                        "commit",
                                        "ranks",
                                        "nodes",
                                        "hosts",
                                        "device",
                                        "machine of rank 0",
                                        "launcher",
                                        "baseline",
                                        "emulated"),
                                rows)
                        + "</section>\n";
    }

    private static List<String> provenance(Provenance run) {
        Provenance.Machine machine = run.machine();
        return List.of(
                run.run(),
                run.started(),
                run.version(),
                run.commit(),
                Integer.toString(run.ranks().size()),
                Long.toString(run.ranks().stream()
                        .map(Provenance.Rank::node)
                        .distinct()
                        .count()),
                distinct(run.ranks().stream().map(Provenance.Rank::host).toList()),
                distinct(run.ranks().stream().map(Provenance.Rank::device).toList()),
                machine.processor() + ", " + machine.cores() + " cores, "
                        + Dimension.BYTES.text((double) machine.memoryBytes()) + ", " + machine.system() + ", Java "
                        + machine.java(),
                run.launcher(),
                run.baseline(),
                run.emulated().isEmpty() ? "no" : run.emulated());
    }

    private static String distinct(List<String> texts) {
        return texts.stream().filter(Objects::nonNull).distinct().collect(Collectors.joining(", "));
    }
}
