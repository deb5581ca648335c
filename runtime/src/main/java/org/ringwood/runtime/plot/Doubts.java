package org.ringwood.runtime.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.ringwood.runtime.sweep.Measurement;
import org.ringwood.runtime.sweep.Results;

/** What a reader of figures should know about them: runs that disagree, and rows that are missing. */
final class Doubts {
    /** Times of two runs that differ more than this are told. */
    private static final double TOLERANCE = 1.5;

    private static final int MOST = 5;

    private Doubts() {}

    static List<String> about(Results results, String sweep, boolean byRun, List<Measurement> rows) {
        List<String> notes = new ArrayList<>();
        disagreements(rows, byRun, notes);
        missing(results, sweep, rows).ifPresent(notes::add);
        return notes;
    }

    private static void disagreements(List<Measurement> rows, boolean byRun, List<String> notes) {
        List<String> found = new ArrayList<>();
        for (Cell cell : Cell.of(rows, false)) {
            Map<String, Cell> runs = cell.all().stream()
                    .collect(Collectors.groupingBy(
                            Measurement::run, Collectors.collectingAndThen(Collectors.toList(), Cell::new)));
            List<Cell> all = new ArrayList<>(runs.values());
            for (Cell other : all.subList(1, all.size())) {
                compare(all.getFirst(), other, byRun).ifPresent(found::add);
            }
        }
        found.stream().limit(MOST).forEach(notes::add);
        if (found.size() > MOST) {
            notes.add((found.size() - MOST) + " more rows disagree between runs");
        }
    }

    private static Optional<String> compare(Cell one, Cell other, boolean byRun) {
        Measurement a = one.any();
        Measurement b = other.any();
        String which = "Runs " + a.run() + " and " + b.run() + " disagree on row " + a.row() + " (" + a.schedule() + " "
                + a.partition() + ", " + a.workers() + " workers, " + a.tokens() + " tokens): ";
        boolean sameBytes = a.bytesInterNode() == b.bytesInterNode()
                && a.bytesIntraNode() == b.bytesIntraNode()
                && a.flops() == b.flops();
        if (!sameBytes && a.ranSchedule().equals(b.ranSchedule())) {
            return Optional.of(which + "bytes or work differ, which must be the same: are they of one commit?");
        }
        double ratio = Math.max(one.time() / other.time(), other.time() / one.time());
        return byRun || ratio < TOLERANCE
                ? Optional.empty()
                : Optional.of(which
                        + String.format(
                                Locale.ROOT,
                                "times differ by a factor of %.1f; the figures show the median of all",
                                ratio));
    }

    private static Optional<String> missing(Results results, String sweep, List<Measurement> rows) {
        Set<String> planned = results.provenance().values().stream()
                .filter(run -> run.sweep().equals(sweep))
                .flatMap(run -> run.jobs().keySet().stream())
                .collect(Collectors.toSet());
        Set<String> measured = rows.stream().map(Measurement::row).collect(Collectors.toSet());
        long lost = planned.stream().filter(id -> !measured.contains(id)).count();
        return lost == 0
                ? Optional.empty()
                : Optional.of(lost + " of " + planned.size() + " rows of " + sweep
                        + " were begun by a run that did not come to them: ringwood bench --resume measures them");
    }
}
