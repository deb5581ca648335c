package org.ringwood.runtime.worker;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.execution.Execution;
import org.ringwood.attention.execution.PlanExecutor;
import org.ringwood.attention.execution.Scoring;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.Progress;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.Verify;
import org.ringwood.runtime.planning.PlannedSchedule;
import org.ringwood.runtime.report.RankReport;
import org.ringwood.runtime.report.Trace;
import org.ringwood.runtime.verify.Verification;

/** One schedule on one rank: load the shard, run the plan, verify, write. */
final class ScheduleRun {
    private static final double NANOS_PER_SECOND = 1e9;

    private final Job job;
    private final Coordination coordination;
    private final ProcessGroup group;
    private final PlannedSchedule planned;
    private final Inputs inputs;
    private final StepWatch steps;

    ScheduleRun(
            Job job,
            Coordination coordination,
            ProcessGroup group,
            PlannedSchedule planned,
            Inputs inputs,
            long originMillis) {
        this.job = job;
        this.coordination = coordination;
        this.group = group;
        this.planned = planned;
        this.inputs = inputs;
        this.steps = new StepWatch(
                coordination,
                planned.schedule().name(),
                planned.plan().steps(group.rank()).size(),
                job.trace().isPresent(),
                originMillis);
    }

    /**
     * What a schedule took.
     *
     * @param report figures of the run
     * @param loadSeconds to load the shard
     * @param writeSeconds to write the result
     * @param events for the trace
     */
    record Outcome(RankReport.Run report, double loadSeconds, double writeSeconds, List<Trace.Event> events) {}

    Outcome run(PlanExecutor executor, Verification verification, Optional<ResultWriter> writer) {
        long begin = System.nanoTime();
        RowWork loading = work("loading for", Shard.rows(planned.plan().rank(group.rank())));
        try (Shard.Loaded shard = Shard.load(inputs, planned.plan(), group, loading)) {
            double load = secondsSince(begin);
            // Ranks that load faster would count the others' loading as waiting.
            group.barrier();
            Execution execution = executor.execute(
                    planned.plan(),
                    shard.tensors(),
                    new Scoring(inputs.scale(), (float) job.attention().softcap()),
                    steps);
            OwnRows rows = OwnRows.of(planned, group, shard.tensors());
            long verifying = System.nanoTime();
            Accuracy accuracy = verify(verification, rows);
            double verify = secondsSince(verifying);
            long writing = System.nanoTime();
            writer.ifPresent(result -> result.write(
                    rows, work("writing the result of", rows.positions().rows())));
            double write = secondsSince(writing);
            // Peers may still read this shard in place.
            group.barrier();
            return new Outcome(report(execution, verify, accuracy), load, write, steps.events());
        }
    }

    private RowWork work(String what, long rows) {
        return new RowWork(coordination, phase(what), rows);
    }

    private String phase(String what) {
        return what + " " + planned.schedule().name();
    }

    private @Nullable Accuracy verify(Verification verification, OwnRows rows) {
        if (job.verify() instanceof Verify.None) {
            return null;
        }
        String phase = phase("verifying");
        return verification.judge(
                rows.positions(),
                rows.out(),
                rows.lse(),
                (pairs, ofPairs) -> coordination.tell(new Progress(phase, pairs, ofPairs)));
    }

    private RankReport.Run report(Execution execution, double verifySeconds, @Nullable Accuracy accuracy) {
        return new RankReport.Run(
                planned.schedule().name(),
                planned.partition().toString(),
                execution.seconds(),
                execution.computeSeconds(),
                execution.waitSeconds(),
                verifySeconds,
                execution.traffic().bytesWithinNode(),
                execution.traffic().bytesAcrossNodes(),
                execution.traffic().messages(),
                execution.traffic().hops(),
                execution.peakTensorBytes(),
                execution.flops(),
                accuracy);
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / NANOS_PER_SECOND;
    }
}
