package org.ringwood.attention.execution;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Pass;
import org.ringwood.attention.plan.Placement;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.collectives.DeviceLink;
import org.ringwood.collectives.Linking;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.TrafficLedger.Traffic;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Space;

/**
 * Runs this rank's part of plans on a group and a device, and keeps the memory for it from run to run. It belongs to the group's
 * thread: messages move while that thread waits in {@link ProcessGroup#await}, kernels run on the device's own threads meanwhile.
 *
 * <p>On a device with memory of its own the plan is {@linkplain Placement placed} there: states stay on it, and blocks are uploaded while others are attended, or come
 * in there if the group {@linkplain ProcessGroup#takesDeviceMemory takes} such memory.
 *
 * <p>The order in which states accumulate is the plan's, never that of arrival, so equal inputs give equal bits.
 */
public final class PlanExecutor implements AutoCloseable {
    private static final int REMEMBERED_PLANS = 16;

    private final ProcessGroup group;
    private final Device device;
    private Workspace workspace;
    private @Nullable DeviceLink link;
    private final Recent<Key, RankPlan> rankPlans = new Recent<>(REMEMBERED_PLANS);

    private record Key(Plan plan, Set<Operand> strided, Set<Operand> onDevice, Space messages) {}

    /** An executor; neither the group nor the device becomes its own. */
    public PlanExecutor(ProcessGroup group, Device device) {
        this.group = group;
        this.device = device;
        this.workspace = new Workspace(group, device, null);
    }

    /**
     * Lets what ranks of a node send go from device to device where all of them reach each other's, as by CUDA IPC, instead of by way of the host; see {@link
     * ProcessGroup#link}. A collective operation; so is {@link #close} then. After a failure what other ranks may still read of the device stays allocated until it is closed.
     *
     * @return why this rank's messages do not, as a clause; empty if they do
     */
    public Optional<String> linkDevices() {
        if (link != null) {
            return Optional.empty();
        }
        Linking linking;
        try {
            linking = group.link(SharedDevice.of(device));
        } catch (RuntimeException | Error e) {
            group.fail(e);
            throw e;
        }
        link = linking.link();
        if (link == null) {
            return Optional.of(linking.reason());
        }
        workspace.close();
        workspace = new Workspace(group, device, link);
        return Optional.empty();
    }

    /** Runs a plan without a listener; see {@link #execute(Plan, AttentionTensors, Scoring, StepListener)}. */
    public Execution execute(Plan plan, AttentionTensors tensors, Scoring scoring) {
        return execute(plan, tensors, scoring, StepListener.NONE);
    }

    /**
     * Runs a plan; every rank of the group calls it with an equal plan. When it returns, output and lse are written. If it throws, all
     * ranks learn it, and the group is of no use any more. Either way no tensor is in use afterwards, as {@link ProcessGroup#withdraw}
     * says of the ranks that read them in place.
     *
     * @throws IllegalArgumentException if the tensors or the group are not the plan's
     * @throws org.ringwood.collectives.GroupFailureException if another rank failed or the group's time is up; the message names the
     *     first cause and the step that this rank was at
     * @throws org.ringwood.collectives.MemoryExhaustedException if there is no memory for the plan's buffers
     */
    public Execution execute(Plan plan, AttentionTensors tensors, Scoring scoring, StepListener listener) {
        requirePass(Pass.FORWARD, plan);
        return execute(plan, tensors::byOperand, scoring, listener);
    }

    /**
     * Runs a plan for gradients; see {@link #execute(Plan, AttentionTensors, Scoring, StepListener)}. When it returns, the gradients of queries, keys and values
     * are written.
     *
     * @param tensors those of the attention; output and lse as that left them
     * @param gradients of the output, and where the others go
     * @param scoring that of the attention
     */
    public Execution differentiate(
            Plan plan, AttentionTensors tensors, GradientTensors gradients, Scoring scoring, StepListener listener) {
        requirePass(Pass.BACKWARD, plan);
        return execute(plan, () -> gradients.byOperand(tensors), scoring, listener);
    }

    private void requirePass(Pass pass, Plan plan) {
        if (plan.pass() != pass) {
            IllegalArgumentException wrong = new IllegalArgumentException("rank " + group.rank() + " gave " + plan
                    + " where a " + pass + " plan is wanted; take that of the schedule's for this pass");
            group.fail(wrong);
            throw wrong;
        }
    }

    private Execution execute(Plan plan, Supplier<CallerTensors> given, Scoring scoring, StepListener listener) {
        PlanRun run;
        RankPlan rankPlan;
        RankMemory memory;
        long began = System.nanoTime();
        Traffic before = group.ledger().total();
        try {
            requireGroup(plan);
            CallerTensors tensors = given.get();
            rankPlan = rankPlans.get(new Key(plan, tensors.strided(), tensors.onDevice(), messages()), this::rankPlan);
            tensors.requireFit(plan, rankPlan);
            scoring.requireFit(plan, group.rank());
            memory = new RankMemory(rankPlan, tensors, workspace.slots(rankPlan));
            run = new PlanRun(plan, rankPlan, group, device, scoring, listener, memory);
        } catch (RuntimeException | Error e) {
            group.fail(e);
            throw e;
        }
        run.run();
        double seconds = (System.nanoTime() - began) / 1e9;
        return new Execution(
                plan.schedule(),
                group.rank(),
                group.ledger().total().minus(before),
                rankPlan.flops(plan.shape()),
                memory.peakBytes(Space.HOST),
                memory.peakBytes(Space.DEVICE),
                seconds,
                run.computeSeconds(),
                Math.max(0, seconds - run.computeSeconds()));
    }

    private RankPlan rankPlan(Key key) {
        if (device.memory().isEmpty()) {
            requireOnHost(key);
            return key.plan.rank(group.rank(), key.strided);
        }
        if (key.messages == Space.HOST) {
            return Placement.of(key.plan.rank(group.rank(), key.strided), key.onDevice, Space.HOST);
        }
        Set<Operand> packed = EnumSet.noneOf(Operand.class);
        packed.addAll(key.strided);
        packed.addAll(key.onDevice);
        return Placement.of(key.plan.rank(group.rank(), packed), key.onDevice, Space.DEVICE);
    }

    private Space messages() {
        return link != null || group.takesDeviceMemory() ? Space.DEVICE : Space.HOST;
    }

    private void requireOnHost(Key key) {
        if (!key.onDevice.isEmpty()) {
            throw new IllegalArgumentException("rank " + group.rank() + " gave " + key.onDevice
                    + " in memory of a device, but computes on " + device.description()
                    + ", which has none; give it tensors in memory of the host");
        }
    }

    private void requireGroup(Plan plan) {
        if (!plan.problem().topology().equals(group.topology())) {
            throw new IllegalArgumentException(
                    "the plan is for nodes " + plan.problem().topology() + ", the group has " + group.topology()
                            + "; make the plan for the group's topology");
        }
    }

    /** Frees the executor's memory; if devices are linked, once all ranks do so. */
    @Override
    public void close() {
        try (DeviceLink _ = link) {
            link = null;
            workspace.close();
        }
    }
}
