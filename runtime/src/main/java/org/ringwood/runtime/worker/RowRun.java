package org.ringwood.runtime.worker;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.ringwood.attention.Mask;
import org.ringwood.attention.execution.PlanExecutor;
import org.ringwood.attention.schedule.CostModel;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.net.Link;
import org.ringwood.runtime.planning.Decision;
import org.ringwood.runtime.planning.PlannedSchedule;
import org.ringwood.runtime.planning.Planner;
import org.ringwood.runtime.planning.RankSpeeds;
import org.ringwood.runtime.report.JsonFormat;
import org.ringwood.runtime.report.Report;
import org.ringwood.runtime.sweep.Measurement;
import org.ringwood.runtime.sweep.Row;
import org.ringwood.runtime.verify.Verification;

/** One rank's part of measuring a row. Every rank runs the same steps in the same order. */
final class RowRun {
    private final Row row;
    private final Coordination coordination;
    private final ProcessGroup group;
    private final Device device;
    private final Link link;
    private final Optional<SweepRecord> record;
    private final List<Measurement> measured = new ArrayList<>();
    private Optional<String> violation = Optional.empty();

    /**
     * @param record rank 0's
     */
    RowRun(
            Row row,
            Coordination coordination,
            ProcessGroup group,
            Device device,
            Link link,
            Optional<SweepRecord> record) {
        this.row = row;
        this.coordination = coordination;
        this.group = group;
        this.device = device;
        this.link = link;
        this.record = record;
    }

    /** Measures some iterations; returns what is wrong with the result, if anything is: such a row is not recorded. */
    Optional<String> run(int warmup, List<Integer> iterations) {
        Job job = row.job();
        Crew crew = Crew.meet(group, device);
        try (Inputs inputs = Inputs.open(job);
                PlanExecutor executor = new PlanExecutor(group, device)) {
            Optional<Report.Choice> _ = crew.link(executor, group);
            CostModel model = model(inputs);
            Planning planning = new Planning(coordination, group);
            Mask mask = planning.work(inputs::mask);
            RankSpeeds speeds = crew.speeds(job.speeds(), () -> SoloSpeed.ofWarmRanks(group, device, inputs.shape()));
            Planner planner = new Planner(inputs.shape(), mask, group.topology(), speeds.weights(), model);
            Decision decision =
                    planning.decide(planner, row.schedule(), job.attention().partition());
            PlannedSchedule planned = planning.work(() -> planner.plan(decision));
            Optional<RowFigures> figures = record.map(of -> of.figures(
                    row,
                    planned,
                    planning.work(() -> model.seconds(planned.plan(), speeds.weights())),
                    planning.work(() -> bytesNeeded(planned)),
                    link.bytesPerSecond()));
            Verification verification = ScheduleRun.verification(job, coordination, inputs, mask, device);
            new ScheduleRun(job, coordination, group, planned, inputs, 0)
                    .measure(executor, verification, warmup, iterations, iteration -> take(iteration, figures));
        }
        record.ifPresent(of -> of.show(row, measured, violation));
        return violation;
    }

    /** What is to be expected of this row: the link as it was measured, and the ranks' speed on a piece of it. */
    private CostModel model(Inputs inputs) {
        return model(Collections.min(SoloSpeed.ofRanks(group, device, inputs.shape())), link, device.threads());
    }

    static CostModel model(double flopsPerSecond, Link link, int threads) {
        CostModel usual = CostModel.cpu(threads);
        return new CostModel(
                flopsPerSecond,
                known(link.bytesPerSecondWithin(), usual.bytesPerSecondWithin()),
                known(link.bytesPerSecondOfCard(), usual.bytesPerSecondAcross()),
                known(link.latencySeconds(), usual.latencySeconds()));
    }

    private static double known(double measured, double usual) {
        return Double.isNaN(measured) ? usual : measured;
    }

    private static double bytesNeeded(PlannedSchedule planned) {
        return planned.schedule().replicatesQueries()
                ? Double.NaN
                : planned.plan().problem().bytesNeeded();
    }

    private void take(ScheduleRun.Iteration mine, Optional<RowFigures> figures) {
        RankIteration told = new RankIteration(device.description(), device.threads(), mine.report(), mine.repeated());
        List<RankIteration> ranks = Gathering.texts(group, JsonFormat.text(told)).stream()
                .map(text -> JsonFormat.read(RankIteration.class, text))
                .toList();
        violation = violation.or(() -> violation(mine.number(), ranks));
        if (violation.isEmpty()) {
            figures.map(of -> of.measurement(mine.number(), ranks)).ifPresent(figure -> {
                record.ifPresent(to -> to.add(figure));
                measured.add(figure);
            });
        }
    }

    private Optional<String> violation(int iteration, List<RankIteration> ranks) {
        Accuracy accuracy = RowFigures.accuracy(ranks);
        if (!accuracy.holds()) {
            return Optional.of(ScheduleRun.violation(row.toString(), accuracy));
        }
        return ranks.stream().allMatch(RankIteration::repeated)
                ? Optional.empty()
                : Optional.of("verification failed: iteration " + iteration + " of " + row
                        + " gave other bits than the first one");
    }
}
