package org.ringwood.attention.execution;

import java.lang.foreign.Arena;
import java.util.Optional;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.schedule.RingAttention;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.NonFinite;
import org.ringwood.kernels.Space;
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
 *         layer.saved = attention.forward(plan, layer.q, layer.k, layer.v, layer.out);
 *     }
 *     for (Layer layer : layers.reversed()) {
 *         attention.backward(layer.saved, layer.dOut, layer.dQ, layer.dK, layer.dV);
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
    private final Recent<Differentiated, Plan> backwardPlans = new Recent<>(REMEMBERED_PLANS);
    private boolean refusesNonFinite = true;

    private record Asked(Mask mask, AttentionShape shape) {}

    private record Differentiated(Plan plan, DType gradients) {}

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

    /**
     * Lets keys, values and gradients go between ranks of a node from device to device where all of them reach each other's, as by CUDA IPC, instead of by way of the
     * host. All ranks call it, also those whose device has no memory of its own, before their first attention; {@link #close} is then for all ranks, too.
     *
     * @return why this rank's messages do not, as a clause; empty if they do
     */
    public Optional<String> linkDevices() {
        return executor.linkDevices();
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

    /**
     * Attends with scale {@code 1/sqrt(dim)}, and keeps what the backward pass needs; see {@link #forward(Plan, AttentionTensors, Scoring)}.
     *
     * @return for {@link #backward}; keeps all four tensors, so they must stay as they are until then
     */
    public SavedAttention forward(Plan plan, Tensor queries, Tensor keys, Tensor values, Tensor out) {
        return forward(plan, queries, keys, values, out, Scoring.of(plan.shape().dim()));
    }

    /**
     * Attends, and keeps what the backward pass needs.
     *
     * @param scoring with a seed of its own for every attention if weights are {@linkplain Scoring#withDropout dropped}; backward takes it from what is
     *     returned
     */
    public SavedAttention forward(Plan plan, Tensor queries, Tensor keys, Tensor values, Tensor out, Scoring scoring) {
        Arena arena = Arena.ofShared();
        try {
            AttentionTensors tensors = new AttentionTensors(queries, keys, values, out, SavedAttention.lse(arena, out));
            Execution _ = forward(plan, tensors, scoring);
            return new SavedAttention(this, plan, tensors, scoring, arena);
        } catch (RuntimeException | Error e) {
            arena.close();
            group.fail(e);
            throw e;
        }
    }

    /** What {@link #forward(Plan, AttentionTensors, Scoring)} left, with log-sum-exps that stay the caller's, for {@link #backward}. */
    public SavedAttention saved(Plan plan, AttentionTensors tensors, Scoring scoring) {
        return new SavedAttention(this, plan, tensors, scoring, null);
    }

    /**
     * Computes the gradients of this rank's queries, keys and values from those of its output, and writes them into the caller's memory. They
     * are summed up in f32, on all ranks and on the wire; gradients of another dtype are rounded once, at the end. Where ranks replicate the
     * queries ({@link Schedule#replicatesQueries}), every rank brings the gradients of the whole output, and gets those of all queries.
     *
     * <p>No tensor may overlap another: gradients are summed up in the caller's memory while everything else is still read.
     *
     * <p>Dao et al., FlashAttention, arXiv 2205.14135, section 3.1; for rings Liu et al., Ring Attention, arXiv 2310.01889.
     *
     * @param saved by an attention of this object; used up
     * @param outGradients {@code [rows, heads, dimV]}, of the output's dtype
     * @param queryGradients {@code [rows, heads, dim]}, of f32 or the queries' dtype; overwritten
     * @param keyGradients {@code [keyRows, kvHeads, dim]}, of {@code queryGradients}' dtype; overwritten
     * @param valueGradients {@code [keyRows, kvHeads, dimV]}, of {@code queryGradients}' dtype; overwritten
     * @throws IllegalStateException if {@code saved} is used up, closed or another's; the other ranks learn it
     * @throws IllegalArgumentException naming rank and shapes if a tensor does not fit, or rank and index if the gradients of the output are not
     *     {@linkplain #refuseNonFinite finite}; the other ranks learn it
     * @throws org.ringwood.collectives.GroupFailureException if another rank failed, naming it and this rank's step
     */
    public Execution backward(
            SavedAttention saved,
            Tensor outGradients,
            Tensor queryGradients,
            Tensor keyGradients,
            Tensor valueGradients) {
        GradientTensors gradients = new GradientTensors(outGradients, queryGradients, keyGradients, valueGradients);
        Plan plan;
        try {
            saved.requireOpen(this, group.rank());
            plan = backwardPlans.get(
                    new Differentiated(saved.plan(), gradientDType(saved.plan(), queryGradients)),
                    asked -> schedule.backward(asked.plan.problem(), asked.gradients));
            requireFinite(plan, outGradients);
        } catch (RuntimeException | Error e) {
            group.fail(e);
            throw e;
        }
        Execution execution =
                executor.differentiate(plan, saved.tensors(), gradients, saved.scoring(), StepListener.NONE);
        saved.useUp();
        return execution;
    }

    private DType gradientDType(Plan plan, Tensor queryGradients) {
        DType dtype = queryGradients.dtype();
        if (dtype != DType.F32 && dtype != plan.shape().dtype()) {
            throw new IllegalArgumentException("rank " + group.rank() + " wants gradients of " + dtype + " of "
                    + plan.shape().dtype() + " tensors; take " + DType.F32 + " or "
                    + plan.shape().dtype());
        }
        return dtype;
    }

    /**
     * Whether {@link #backward} refuses gradients of the output that are NaN or infinite. It does unless told otherwise: a trainer
     * that scales its loss and looks for infinite gradients afterwards does not want it. Tensors on a device are not looked at.
     */
    public void refuseNonFinite(boolean refuses) {
        refusesNonFinite = refuses;
    }

    private void requireFinite(Plan plan, Tensor outGradients) {
        boolean fits =
                outGradients.tokens() == plan.queryPositions(group.rank()).rows();
        if (!refusesNonFinite || outGradients.space() == Space.DEVICE || !fits) {
            return;
        }
        Optional<NonFinite> found = NonFinite.first(outGradients);
        if (found.isPresent()) {
            NonFinite at = found.get();
            throw new IllegalArgumentException("rank " + group.rank() + ": the gradient of the output is " + at.value()
                    + " at [token, head, element] = ["
                    + plan.queryPositions(group.rank()).position(at.row()) + ", " + at.head() + ", " + at.element()
                    + "]; mend the loss, or allow it by refuseNonFinite(false)");
        }
    }

    /** Frees its memory, once all ranks do so if {@linkplain #linkDevices devices are linked}; group and device stay open. */
    @Override
    public void close() {
        executor.close();
    }
}
