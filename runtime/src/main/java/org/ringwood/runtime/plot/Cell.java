package org.ringwood.runtime.plot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.ringwood.runtime.sweep.Measurement;

/**
 * All iterations of one row; of one run of it, if runs are to be told apart.
 *
 * @param all at least one, of the same row
 */
record Cell(List<Measurement> all) {
    /** Copies the list. */
    Cell {
        all = List.copyOf(all);
    }

    /**
     * Groups measurements.
     *
     * @param byRun whether the same row of two runs is two cells
     */
    static List<Cell> of(List<Measurement> measurements, boolean byRun) {
        Map<String, List<Measurement>> groups = new LinkedHashMap<>();
        for (Measurement each : measurements) {
            groups.computeIfAbsent(each.row() + (byRun ? " " + each.run() : ""), _ -> new ArrayList<>())
                    .add(each);
        }
        return groups.values().stream().map(Cell::new).toList();
    }

    /** Any of them, for what they have in common. */
    Measurement any() {
        return all.getFirst();
    }

    /** The middle of a figure over the iterations. */
    double median(ToDoubleFunction<Measurement> of) {
        double[] sorted = all.stream().mapToDouble(of).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The middle with the span. */
    Series.Point point(double x, ToDoubleFunction<Measurement> of) {
        double[] values = all.stream().mapToDouble(of).toArray();
        return new Series.Point(
                x,
                median(of),
                Arrays.stream(values).min().orElseThrow(),
                Arrays.stream(values).max().orElseThrow());
    }

    /** Time of the slowest rank, in µs. */
    double time() {
        return median(Measurement::timeUs);
    }

    /**
     * What part of the baseline's speed is left to each worker: work a worker and a second over the baseline's; where the baseline has
     * as many threads as all workers, its time over theirs.
     *
     * @param sameThreads whether it has
     */
    double efficiency(Cell baseline, boolean sameThreads) {
        double speed = any().flops() / time();
        double alone = baseline.any().flops() / baseline.time();
        return speed / alone / (sameThreads ? 1 : any().workers());
    }

    /** Part of the time in which the mean rank had nothing to compute. */
    double waiting() {
        return median(each -> each.waitUsMean() / each.timeUsMean());
    }

    /** Bytes that ranks sent over those that they needed; NaN where that is not known or nothing is needed. */
    double movedOverNeeded() {
        double moved = (double) any().bytesInterNode() + any().bytesIntraNode();
        return any().bytesNeeded() > 0 ? moved / any().bytesNeeded() : Double.NaN;
    }
}
