package org.ringwood.runtime.worker;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.ringwood.runtime.planning.PlannedSchedule;
import org.ringwood.runtime.report.Quantity;
import org.ringwood.runtime.sweep.Measurement;
import org.ringwood.runtime.sweep.Provenance;
import org.ringwood.runtime.sweep.Row;
import org.ringwood.runtime.sweep.RunFiles;

/** What rank 0 keeps of a run: its files, and a line a row for people. */
final class SweepRecord implements AutoCloseable {
    private final String sweep;
    private final RunFiles<Measurement> files;
    private final PrintStream out;

    private SweepRecord(String sweep, RunFiles<Measurement> files, PrintStream out) {
        this.sweep = sweep;
        this.files = files;
        this.out = out;
    }

    /** Makes the files. */
    static SweepRecord create(Path directory, Provenance provenance, PrintStream out) {
        RunFiles<Measurement> files = RunFiles.create(directory, provenance.run(), Measurement.class);
        files.explain(provenance);
        return new SweepRecord(provenance.sweep(), files, out);
    }

    RowFigures figures(Row row, PlannedSchedule planned, double predictedSeconds, double bytesNeeded, double link) {
        return new RowFigures(files.run(), sweep, row, planned, predictedSeconds, bytesNeeded, link);
    }

    void add(Measurement measurement) {
        files.add(measurement);
    }

    void show(Row row, List<Measurement> measured, Optional<String> violation) {
        violation.ifPresent(sentence -> System.err.println("ringwood: " + sentence + "; the row is not recorded"));
        if (violation.isPresent() || measured.isEmpty()) {
            return;
        }
        DoubleSummaryStatistics times =
                measured.stream().mapToDouble(Measurement::timeUs).summaryStatistics();
        Measurement any = measured.getFirst();
        out.printf(
                Locale.ROOT,
                "%s%s: %s (%s to %s), predicted %s, %.0f %% waiting, %s across nodes, peak %s, error %s of %s%n",
                row,
                any.ranSchedule().equals(any.schedule()) ? "" : " = " + any.ranSchedule() + " " + any.ranPartition(),
                Quantity.seconds(times.getAverage() / 1e6),
                Quantity.seconds(times.getMin() / 1e6),
                Quantity.seconds(times.getMax() / 1e6),
                Quantity.seconds(any.predictedUs() / 1e6),
                100 * any.waitUsMean() / any.timeUsMean(),
                Quantity.bytes(any.bytesInterNode()),
                Quantity.bytes(any.peakTensorBytes()),
                Quantity.error(any.errorMaxAbs()),
                Quantity.error(any.errorBound()));
        out.flush();
    }

    @Override
    public void close() {
        files.close();
    }
}
