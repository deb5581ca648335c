package org.ringwood.runtime.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.execution.PlanExecutor;
import org.ringwood.attention.schedule.CostModel;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.Member;
import org.ringwood.runtime.cluster.Progress;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.planning.Decision;
import org.ringwood.runtime.planning.PlannedSchedule;
import org.ringwood.runtime.planning.Planner;
import org.ringwood.runtime.planning.RankSpeeds;
import org.ringwood.runtime.report.RankReport;
import org.ringwood.runtime.report.Report;
import org.ringwood.runtime.report.Trace;
import org.ringwood.runtime.verify.Verification;

/**
 * One rank's part of a job, from agreeing on it to the report. Every rank runs the same steps in the same order, whether it is a
 * process or a thread.
 */
final class RankRun {
    private final Job job;
    private final Coordination coordination;
    private final ProcessGroup group;

    RankRun(Job job, Coordination coordination, ProcessGroup group) {
        this.job = job;
        this.coordination = coordination;
        this.group = group;
    }

    /**
     * What the job came to, as every rank knows it.
     *
     * @param crew what the ranks computed with
     * @param speeds how fast they were taken to be
     * @param decisions what was run
     * @param reports of all ranks
     * @param traces of all ranks, if wanted
     */
    record Result(
            Crew crew,
            Optional<Report.Choice> messages,
            RankSpeeds speeds,
            List<Decision> decisions,
            List<RankReport> reports,
            List<Trace> traces) {
        /** What was compared with the oracle and is outside its bounds: the first such schedule, in one sentence; empty if none is. */
        Optional<String> violation() {
            for (int run = 0; run < decisions.size(); run++) {
                Accuracy accuracy = null;
                for (RankReport report : reports) {
                    Accuracy part = report.runs().get(run).accuracy();
                    accuracy = accuracy == null ? part : part == null ? accuracy : accuracy.and(part);
                }
                if (accuracy != null && !accuracy.holds()) {
                    String schedule = reports.getFirst().runs().get(run).schedule();
                    return Optional.of(ScheduleRun.violation(schedule, accuracy) + "; no output was written");
                }
            }
            return Optional.empty();
        }
    }

    /** Runs every schedule; the output is written, but not yet committed. */
    Result run(Inputs inputs, Device device, Optional<ResultWriter> writer) {
        long origin = agree();
        writer.ifPresent(ResultWriter::create);
        Planning planning = new Planning(coordination, group);
        Mask mask = planning.work(inputs::mask);
        Crew crew = Crew.meet(group, device);
        RankSpeeds speeds = speeds(crew, device, inputs.shape());
        Planner planner = new Planner(
                inputs.shape(), mask, group.topology(), speeds.weights(), CostModel.cpu(crew.leastThreads()));
        List<Decision> decisions = new ArrayList<>();
        for (Job.Schedule schedule : job.attention().schedules()) {
            decisions.add(planning.decide(planner, schedule, job.attention().partition()));
        }
        Verification verification = ScheduleRun.verification(job, coordination, inputs, mask, device);
        List<ScheduleRun.Outcome> outcomes = new ArrayList<>();
        Optional<Report.Choice> messages;
        try (PlanExecutor executor = new PlanExecutor(group, device)) {
            messages = crew.link(executor, group);
            for (Decision decision : decisions) {
                PlannedSchedule planned = planning.work(() -> planner.plan(decision));
                ScheduleRun run = new ScheduleRun(job, coordination, group, planned, inputs, origin);
                Optional<ResultWriter> ofFirst = outcomes.isEmpty() ? writer : Optional.empty();
                outcomes.add(run.run(executor, verification, ofFirst));
            }
        }
        List<RankReport> reports = reports(outcomes, device);
        return new Result(crew, messages, speeds, decisions, reports, traces(outcomes));
    }

    private RankSpeeds speeds(Crew crew, Device device, AttentionShape shape) {
        return crew.speeds(job.speeds(), () -> {
            coordination.tell(new Progress("measuring its speed", 0, 0));
            return SoloSpeed.ofWarmRanks(group, device, shape);
        });
    }

    /** All ranks were given the same job; returns when rank 0 began it, by its clock. */
    private long agree() {
        Agreement.on(
                coordination,
                job.digest(),
                "different jobs: start all ranks with the same job file, --set options and masks",
                job.timeouts().join());
        Rendezvous rendezvous = coordination.rendezvous();
        if (coordination.me().rank() == 0) {
            rendezvous.publish(Rendezvous.key("origin", 0), Long.toString(System.currentTimeMillis()));
        }
        return Long.parseLong(
                rendezvous.await(Rendezvous.key("origin", 0), job.timeouts().join()));
    }

    private List<RankReport> reports(List<ScheduleRun.Outcome> outcomes, Device device) {
        Member me = coordination.me();
        RankReport report = new RankReport(
                me.rank(),
                me.host(),
                me.pid(),
                device.description(),
                device.threads(),
                outcomes.stream().mapToDouble(ScheduleRun.Outcome::loadSeconds).sum(),
                outcomes.stream().mapToDouble(ScheduleRun.Outcome::writeSeconds).sum(),
                outcomes.stream().map(ScheduleRun.Outcome::report).toList());
        return Gathering.texts(group, report.toJson()).stream()
                .map(RankReport::fromJson)
                .toList();
    }

    private List<Trace> traces(List<ScheduleRun.Outcome> outcomes) {
        if (job.trace().isEmpty()) {
            return List.of();
        }
        Member me = coordination.me();
        Trace trace = new Trace(
                me.rank(),
                me.host(),
                outcomes.stream().flatMap(outcome -> outcome.events().stream()).toList());
        return Gathering.texts(group, trace.toJson()).stream()
                .map(Trace::fromJson)
                .toList();
    }
}
