package org.ringwood.runtime.worker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ringwood.attention.execution.StepListener;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.Progress;
import org.ringwood.runtime.report.Trace;

/** Hears the steps of a schedule: tells the others how far this rank is, and keeps a trace if one is wanted. */
final class StepWatch implements StepListener {
    private static final double NANOS_PER_MICRO = 1000;

    private final Coordination coordination;
    private final String schedule;
    private final boolean tracing;
    private final double clockMicros;
    private final Map<Integer, Long> started = new HashMap<>();
    private final List<Trace.Event> events = new ArrayList<>();
    private long steps;
    private long ended;

    /**
     * @param originMillis start of the job by the clock of rank 0's machine
     */
    StepWatch(Coordination coordination, String schedule, boolean tracing, long originMillis) {
        this.coordination = coordination;
        this.schedule = schedule;
        this.tracing = tracing;
        this.clockMicros = (System.currentTimeMillis() - originMillis) * 1000.0 - System.nanoTime() / NANOS_PER_MICRO;
    }

    /** A row of a sweep is attended several times. */
    @Override
    public void begun(RankPlan plan) {
        steps = plan.steps().size();
        ended = 0;
    }

    @Override
    public void started(Step step, long nanoTime) {
        if (tracing) {
            started.put(step.id(), nanoTime);
        }
    }

    @Override
    public void ended(Step step, long nanoTime) {
        ended++;
        coordination.tell(new Progress("attending by " + schedule, ended, steps));
        Long begin = started.remove(step.id());
        if (begin != null) {
            events.add(new Trace.Event(
                    lane(step),
                    schedule + ": " + step,
                    clockMicros + begin / NANOS_PER_MICRO,
                    (nanoTime - begin) / NANOS_PER_MICRO));
        }
    }

    private static String lane(Step step) {
        return switch (step) {
            case Step.Send _ -> "send";
            case Step.Receive _ -> "receive";
            case Step.AllReduce _ -> "all-reduce";
            case Step.Upload _ -> "upload";
            case Step.Download _ -> "download";
            case Step.Kernel _ -> "compute";
        };
    }

    List<Trace.Event> events() {
        return events;
    }
}
