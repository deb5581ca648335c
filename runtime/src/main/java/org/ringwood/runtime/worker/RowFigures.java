package org.ringwood.runtime.worker;

import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.runtime.job.Input;
import org.ringwood.runtime.planning.PlannedSchedule;
import org.ringwood.runtime.report.RankReport;
import org.ringwood.runtime.sweep.Measurement;
import org.ringwood.runtime.sweep.Row;

/**
 * What is known of a row besides what its ranks measure.
 *
 * @param run its name
 * @param sweep its name
 * @param row what is measured
 * @param planned what auto came to
 * @param predictedSeconds by the plan
 * @param bytesNeeded of keys and values by others; NaN where queries are replicated
 * @param linkBytesPerSecond that a rank can send
 */
record RowFigures(
        String run,
        String sweep,
        Row row,
        PlannedSchedule planned,
        double predictedSeconds,
        double bytesNeeded,
        double linkBytesPerSecond) {
    private static final double MICROS = 1e6;

    /** Puts together what all ranks tell of an iteration. */
    Measurement measurement(int iteration, List<RankIteration> ranks) {
        List<RankReport.Run> runs = ranks.stream().map(RankIteration::run).toList();
        Input.Random sizes = row.sizes();
        Accuracy accuracy = accuracy(ranks);
        double seconds = largest(runs, RankReport.Run::seconds);
        long flops = sum(runs, RankReport.Run::flops);
        double sentMax = largest(runs, RowFigures::sent);
        return new Measurement(
                run,
                row.id(),
                sweep,
                row.scaling().toString(),
                row.baseline().orElse(""),
                row.schedule().toString(),
                row.job().attention().partition().toString(),
                planned.schedule().name(),
                planned.dealing(),
                row.workers(),
                row.nodes(),
                ranks.getFirst().threads(),
                ranks.getFirst().device(),
                sizes.tokens(),
                sizes.queries(),
                sizes.heads(),
                sizes.kvHeads(),
                sizes.dim(),
                sizes.dimV(),
                row.dtype(),
                row.mask(),
                row.job().transport().toString(),
                "forward",
                iteration,
                seconds * MICROS,
                runs.stream().mapToDouble(RankReport.Run::seconds).min().orElseThrow() * MICROS,
                mean(runs, RankReport.Run::seconds) * MICROS,
                seconds * MICROS,
                mean(runs, RankReport.Run::computeSeconds) * MICROS,
                largest(runs, RankReport.Run::computeSeconds) * MICROS,
                mean(runs, RankReport.Run::waitSeconds) * MICROS,
                largest(runs, RankReport.Run::waitSeconds) * MICROS,
                sum(runs, RankReport.Run::bytesWithinNode),
                sum(runs, RankReport.Run::bytesAcrossNodes),
                (long) largest(runs, RankReport.Run::bytesAcrossNodes),
                (long) sentMax,
                bytesNeeded,
                sum(runs, RankReport.Run::messages),
                (long) largest(runs, RankReport.Run::hops),
                (long) largest(runs, RankReport.Run::peakTensorBytes),
                flops,
                (long) largest(runs, RankReport.Run::flops),
                sizes.queries() / seconds,
                flops / seconds,
                predictedSeconds * MICROS,
                linkBytesPerSecond,
                sentOverLink(runs) / seconds / linkBytesPerSecond,
                accuracy.outError(),
                accuracy.outBound(),
                accuracy.rows());
    }

    /** Bytes over the link whose rate is known: that across nodes, if there are several. */
    private double sentOverLink(List<RankReport.Run> runs) {
        return row.nodes() > 1 ? largest(runs, RankReport.Run::bytesAcrossNodes) : largest(runs, RowFigures::sent);
    }

    static Accuracy accuracy(List<RankIteration> ranks) {
        return ranks.stream()
                .map(rank -> Objects.requireNonNull(rank.run().accuracy(), "a sweep verifies"))
                .reduce(Accuracy::and)
                .orElseThrow();
    }

    private static double sent(RankReport.Run run) {
        return (double) run.bytesWithinNode() + run.bytesAcrossNodes();
    }

    private static double largest(List<RankReport.Run> runs, ToDoubleFunction<RankReport.Run> of) {
        return runs.stream().mapToDouble(of).max().orElseThrow();
    }

    private static double mean(List<RankReport.Run> runs, ToDoubleFunction<RankReport.Run> of) {
        return runs.stream().mapToDouble(of).average().orElseThrow();
    }

    private static long sum(List<RankReport.Run> runs, ToLongFunction<RankReport.Run> of) {
        return runs.stream().mapToLong(of).sum();
    }
}
