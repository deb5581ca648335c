package org.ringwood.attention.execution;

import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;

/** Hears when steps start and end, for traces. Called on the executor's thread, between steps; it should be quick. */
public interface StepListener {
    /** Hears nothing. */
    StepListener NONE = new StepListener() {};

    /** A run begins. */
    default void begun(RankPlan plan) {}

    /** A step starts: a message is posted, a kernel is queued. */
    default void started(Step step, long nanoTime) {}

    /** The executor has seen that the step ended. */
    default void ended(Step step, long nanoTime) {}
}
