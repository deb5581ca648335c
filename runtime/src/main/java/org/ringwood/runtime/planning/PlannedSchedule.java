package org.ringwood.runtime.planning;

import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;

/**
 * A schedule that a job runs.
 *
 * @param schedule how ranks work together
 * @param partition how tokens are dealt
 * @param reason why these, if {@code auto} chose them; empty if the job names both
 * @param plan what every rank does
 */
public record PlannedSchedule(Schedule schedule, PartitionRule partition, String reason, Plan plan) {}
