package org.ringwood.runtime.planning;

import java.util.List;
import java.util.Locale;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.Weights;
import org.ringwood.attention.schedule.Choice;
import org.ringwood.attention.schedule.CostModel;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.runtime.job.Job;

/**
 * Makes the plans of a job.
 *
 * @param shape sizes of the attention
 * @param mask which keys each query attends
 * @param topology which ranks share a node
 * @param speeds of the ranks
 * @param model how long things take
 */
public record Planner(AttentionShape shape, Mask mask, Topology topology, Weights speeds, CostModel model) {
    /** Decides what {@code auto} leaves open for one entry of the job's list of schedules. */
    public Decision decide(Job.Schedule schedule, Job.Partition partition) {
        if (schedule != Job.Schedule.AUTO && partition != Job.Partition.AUTO) {
            return new Decision(schedule.toString(), rule(partition), "");
        }
        Choice choice = choose(schedule, partition);
        return new Decision(choice.best().schedule().name(), choice.best().partition(), choice.reason());
    }

    /** What each candidate would cost, where {@code auto} stands for all. */
    public Choice choose(Job.Schedule schedule, Job.Partition partition) {
        List<Schedule> schedules =
                schedule == Job.Schedule.AUTO ? Schedules.all() : List.of(Schedules.named(schedule.toString()));
        List<PartitionRule> rules =
                partition == Job.Partition.AUTO ? List.of(PartitionRule.values()) : List.of(rule(partition));
        return Choice.of(shape, mask, topology, speeds, schedules, rules, model);
    }

    private static PartitionRule rule(Job.Partition partition) {
        return PartitionRule.valueOf(partition.name().toUpperCase(Locale.ROOT));
    }

    /** The plan of a decision. */
    public PlannedSchedule plan(Decision decision) {
        Schedule schedule = Schedules.named(decision.schedule());
        return new PlannedSchedule(
                schedule,
                decision.partition(),
                schedule.worksByTokens() ? speeds : Weights.equal(topology.size()),
                decision.reason(),
                schedule.plan(schedule.problem(shape, mask, decision.partition(), topology, speeds)));
    }
}
