package org.ringwood.attention.execution;

import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.schedule.RingAttention;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Tensor;

/**
 * Attention over a sequence that the ranks of a group share, for programs that run on every rank themselves, such as trainers. Made
 * once per group and device:
 *
 * {@snippet :
 * try (var attention = new SequenceParallelAttention(group, device, new RingAttention(), PartitionRule.ZIGZAG)) {
 *     Plan plan = attention.plan(Mask.causal(tokens, tokens), shape); // once a mask, shared by all layers
 *     Positions mine = plan.queryPositions(group.rank());             // which tokens this rank holds, in which order
 *     for (Layer layer : layers) {
 *         attention.forward(plan, layer.q(), layer.k(), layer.v(), layer.out(), layer.lse());
 *     }
 * }
 * }
 *
 * <p>All ranks make the same calls in the same order. It belongs to the group's thread.
 */
public final class SequenceParallelAttention implements AutoCloseable {
    private static final int REMEMBERED_PLANS = 16;

    private final ProcessGroup group;
    private final Schedule schedule;
    private final PartitionRule partition;
    private final PlanExecutor executor;
    private final Recent<Asked, Plan> plans = new Recent<>(REMEMBERED_PLANS);

    private record Asked(Mask mask, AttentionShape shape) {}

    /** A ring with a zigzag partition, a good choice for causal masks and no bad one for others. */
    public SequenceParallelAttention(ProcessGroup group, Device device) {
        this(group, device, new RingAttention(), PartitionRule.ZIGZAG);
    }

    /**
     * Attention by a schedule.
     *
     * @param group whose ranks share the sequence; stays the caller's
     * @param device that runs the kernels; stays the caller's
     * @param schedule how ranks work together
     * @param partition how tokens are dealt to ranks; a plan's positions tell the result
     */
    public SequenceParallelAttention(ProcessGroup group, Device device, Schedule schedule, PartitionRule partition) {
        this.group = group;
        this.schedule = schedule;
        this.partition = partition;
        this.executor = new PlanExecutor(group, device);
    }

    /** The plan for a mask, made when it is first asked for. The mask's lengths and the shape are those of the whole sequence. */
    public Plan plan(Mask mask, AttentionShape shape) {
        return plans.get(
                new Asked(mask, shape),
                asked -> plan(schedule.problem(asked.shape, asked.mask, partition, group.topology())));
    }

    /** The plan for tokens that are dealt in a way of the caller's own. It is not remembered: keep it for all layers. */
    public Plan plan(Problem problem) {
        return schedule.plan(problem);
    }

    /** Attends with scale {@code 1/sqrt(dim)}; see {@link #forward(Plan, AttentionTensors, Scoring)}. */
    public Execution forward(Plan plan, Tensor queries, Tensor keys, Tensor values, Tensor out, Tensor lse) {
        return forward(
                plan,
                new AttentionTensors(queries, keys, values, out, lse),
                Scoring.of(plan.shape().dim()));
    }

    /**
     * Attends this rank's queries to the keys and values of all ranks, and writes output and lse into the caller's memory. When it
     * returns or throws, the caller may reuse or free that memory; for a throw see {@link ProcessGroup#withdraw}.
     *
     * @throws IllegalArgumentException naming rank and shapes if the tensors are not what the plan says; the other ranks learn it
     * @throws org.ringwood.collectives.GroupFailureException if another rank failed, naming it and this rank's step
     */
    public Execution forward(Plan plan, AttentionTensors tensors, Scoring scoring) {
        return executor.execute(plan, tensors, scoring);
    }

    /** Frees its memory; group and device stay open. */
    @Override
    public void close() {
        executor.close();
    }
}
