package org.ringwood.runtime.planning;

import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;

/**
 * A schedule that a job runs.
 *
 * @param schedule how ranks work together
 * @param partition how tokens are dealt
 * @param weights by which they are dealt
 * @param reason why these, if {@code auto} chose them; empty if the job names both
 * @param plan what every rank does
 */
public record PlannedSchedule(Schedule schedule, PartitionRule partition, Weights weights, String reason, Plan plan) {
    /** How tokens are dealt, for people: such as {@code zigzag}, or {@code zigzag by [1, 4]}. */
    public String dealing() {
        return partition + (weights.areEqual() ? "" : " by " + weights);
    }
}
