package org.ringwood.runtime.worker;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.Mask;
import org.ringwood.attention.execution.AttentionTensors;
import org.ringwood.attention.execution.Execution;
import org.ringwood.attention.execution.PlanExecutor;
import org.ringwood.attention.execution.Scoring;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Device;
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

/** One schedule on one rank: load the shard, run the plan, verify, write; or run it many times and measure. */
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
                coordination, planned.schedule().name(), job.trace().isPresent(), originMillis);
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

    /** Compares results of a job with the oracle, with the threads of a device that has nothing else to do then. */
    static Verification verification(Job job, Coordination coordination, Inputs inputs, Mask mask, Device device) {
        return new Verification(
                inputs,
                mask,
                (float) job.attention().softcap(),
                job.verify(),
                device.threads(),
                () -> coordination.failure() != null);
    }

    /** What to say of a result outside its bounds. */
    static String violation(String what, Accuracy accuracy) {
        return String.format(
                Locale.ROOT,
                "verification failed: %s differs from the oracle by %.2e (allowed %.2e), its lse by %.2e (allowed %.2e)",
                what,
                accuracy.outError(),
                accuracy.outBound(),
                accuracy.lseError(),
                accuracy.lseBound());
    }

    /** Runs it once, and writes the result. */
    Outcome run(PlanExecutor executor, Verification verification, Optional<ResultWriter> writer) {
        long begin = System.nanoTime();
        try (Shard.Loaded shard = load()) {
            double load = secondsSince(begin);
            Execution execution = execute(executor, shard.tensors());
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

    /**
     * Runs it again and again on the same shard: some times to warm up, then as often as {@code each} is to hear of it. The first result
     * is compared with the oracle, each later one with the first, bit by bit.
     */
    void measure(
            PlanExecutor executor,
            Verification verification,
            int warmup,
            List<Integer> iterations,
            Consumer<Iteration> each) {
        try (Shard.Loaded shard = load()) {
            for (int i = 0; i < warmup; i++) {
                execute(executor, shard.tensors());
            }
            long firstBits = 0;
            @Nullable Accuracy accuracy = null;
            for (int iteration : iterations) {
                ResultBits.blank(shard.tensors());
                Execution execution = execute(executor, shard.tensors());
                long bits = ResultBits.of(shard.tensors());
                if (accuracy == null) {
                    firstBits = bits;
                    accuracy = verify(verification, OwnRows.of(planned, group, shard.tensors()));
                }
                each.accept(new Iteration(iteration, report(execution, 0, accuracy), bits == firstBits));
            }
            // Peers may still read this shard in place.
            group.barrier();
        }
    }

    /**
     * One measured run.
     *
     * @param number from 0
     * @param report figures, with the accuracy of the first one
     * @param repeated whether the result has the bits of the first one
     */
    record Iteration(int number, RankReport.Run report, boolean repeated) {}

    private Shard.Loaded load() {
        RowWork loading = work("loading for", Shard.rows(planned.plan().rank(group.rank())));
        return Shard.load(inputs, planned.plan(), group, loading);
    }

    private Execution execute(PlanExecutor executor, AttentionTensors tensors) {
        // Ranks that are ready earlier would count the others' loading as waiting.
        group.barrier();
        return executor.execute(
                planned.plan(),
                tensors,
                new Scoring(inputs.scale(), (float) job.attention().softcap()),
                steps);
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
                execution.peakDeviceBytes(),
                execution.flops(),
                accuracy);
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / NANOS_PER_SECOND;
    }
}
