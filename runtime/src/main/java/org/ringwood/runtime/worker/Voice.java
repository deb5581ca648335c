package org.ringwood.runtime.worker;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ringwood.attention.Weights;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.kernels.Devices;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.Speeds;
import org.ringwood.runtime.outcome.Build;
import org.ringwood.runtime.outcome.Emulation;
import org.ringwood.runtime.planning.Decision;
import org.ringwood.runtime.report.Report;
import org.ringwood.runtime.report.Trace;

/** What people hear of a job in the end: the table, the report, the trace. Only rank 0 speaks. */
final class Voice {
    private final Optional<PrintStream> out;

    private Voice(Optional<PrintStream> out) {
        this.out = out;
    }

    /** Rank 0's. */
    static Voice on(PrintStream out) {
        return new Voice(Optional.of(out));
    }

    /** Every other rank's. */
    static Voice silent() {
        return new Voice(Optional.empty());
    }

    /**
     * Writes report and trace and prints the table.
     *
     * @param resolved the job without any {@code auto}
     * @param job as it was given
     * @param device why rank 0 has its device, where the job left that open
     */
    void conclude(Job resolved, Job job, Inputs inputs, RankRun.Result result, String device) {
        if (out.isEmpty()) {
            return;
        }
        Report report = Report.of(
                new Report.Facts(
                        Build.version(),
                        Build.commit(),
                        resolved,
                        inputs.shape(),
                        inputs.batch(),
                        Emulation.isIn(System.getenv()),
                        choices(resolved, job, result, device)),
                result.reports());
        job.trace().ifPresent(file -> Trace.write(file, result.traces()));
        job.report().ifPresent(report::write);
        out.get().print(report.table());
        job.output()
                .filter(_ -> result.violation().isEmpty())
                .ifPresent(file -> out.get().println("output: " + file));
        job.report().ifPresent(file -> out.get().println("report: " + file));
        job.trace().ifPresent(file -> out.get().println("trace:  " + file));
        out.get().flush();
    }

    private static List<Report.Choice> choices(Job resolved, Job job, RankRun.Result result, String device) {
        List<Report.Choice> choices = new ArrayList<>();
        if (job.workers().isEmpty()) {
            choices.add(new Report.Choice(
                    "workers", Integer.toString(resolved.workers().orElseThrow()), "what the launcher started"));
        }
        if (job.threads().isEmpty()) {
            choices.add(new Report.Choice(
                    "threads",
                    shown(result.crew().threads()),
                    job.cpus().isEmpty()
                            ? "the cores that a worker may use over the workers that share them"
                            : "the cpus of a machine over the workers on it"));
        }
        if (job.devices().contains(Devices.Kind.AUTO)) {
            choices.add(device(result.crew().kinds(), device));
        }
        if (job.transport() == Job.Transport.AUTO) {
            choices.add(transport(resolved.transport()));
        }
        result.messages().ifPresent(choices::add);
        choices.addAll(speeds(job.speeds(), result));
        List<Decision> decisions = result.decisions();
        for (int i = 0; i < decisions.size(); i++) {
            Decision decision = decisions.get(i);
            if (!decision.reason().isEmpty()) {
                choices.add(new Report.Choice(
                        "attention.schedule[" + i + "]",
                        decision.schedule() + ", " + decision.partition(),
                        decision.reason()));
            }
        }
        return choices;
    }

    private static String shown(List<?> oneOrAll) {
        return (oneOrAll.size() == 1 ? oneOrAll.getFirst() : oneOrAll).toString();
    }

    private static Report.Choice device(List<Devices.Kind> kinds, String ofRank0) {
        return new Report.Choice(
                "device", shown(kinds), kinds.size() == 1 ? ofRank0 : "the best that each worker's machine has");
    }

    private static List<Report.Choice> speeds(Speeds asked, RankRun.Result result) {
        List<Report.Choice> choices = new ArrayList<>();
        Weights weights = result.speeds().weights();
        if (asked instanceof Speeds.Auto || asked instanceof Speeds.Measured) {
            choices.add(new Report.Choice(
                    "speeds",
                    weights.areEqual() ? "equal" : weights.toString(),
                    result.speeds().reason()));
        }
        if (!weights.areEqual()) {
            result.decisions().stream()
                    .map(Decision::schedule)
                    .filter(schedule -> !Schedules.named(schedule).worksByTokens())
                    .forEach(schedule -> choices.add(new Report.Choice(
                            "speeds", "equal", schedule + " deals heads, and as many to every worker")));
        }
        return choices;
    }

    private static Report.Choice transport(Job.Transport chosen) {
        String key = "transport";
        return switch (chosen) {
            case SHM -> new Report.Choice(key, chosen.toString(), "all ranks are on one machine");
            case AERON -> new Report.Choice(key, chosen.toString(), "every rank is on a machine of its own");
            default ->
                new Report.Choice(
                        key, "shm within a machine, aeron between machines", "some ranks share a machine, not all");
        };
    }
}
