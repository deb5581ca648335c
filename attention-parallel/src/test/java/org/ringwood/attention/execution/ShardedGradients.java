package org.ringwood.attention.execution;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.execution.ShardedRun.Layout;
import org.ringwood.attention.plan.Plan;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.scalar.GradientAccuracy;
import org.ringwood.kernels.scalar.GradientProblem;

/** The gradients of a {@link ShardedRun} that was run, under random gradients of its output, by ranks that are threads of this JVM. */
final class ShardedGradients {
    private final Arena arena;
    private final ShardedRun attention;
    private final Plan backward;
    private final Tensor outGradients;
    private final List<GradientTensors> shards;

    ShardedGradients(Arena arena, ShardedRun attention, Plan backward, Layout layout, DType dtype, long seed) {
        AttentionShape shape = backward.shape();
        this.arena = arena;
        this.attention = attention;
        this.backward = backward;
        this.outGradients = attention.random(shape.queries(), shape.heads(), shape.dimV(), new SplittableRandom(seed));
        this.shards = IntStream.range(0, backward.ranks())
                .mapToObj(rank -> shard(rank, layout, dtype))
                .toList();
    }

    private GradientTensors shard(int rank, Layout layout, DType dtype) {
        AttentionShape shape = backward.shape();
        long rows = backward.queryPositions(rank).rows();
        long keyRows = backward.keyPositions(rank).rows();
        return new GradientTensors(
                attention.shard(outGradients, backward.queryPositions(rank), layout),
                layout.allocate(arena, dtype, rows, shape.heads(), shape.dim()),
                layout.allocate(arena, dtype, keyRows, shape.kvHeads(), shape.dim()),
                layout.allocate(arena, dtype, keyRows, shape.kvHeads(), shape.dimV()));
    }

    /** Of all rows. */
    Tensor outGradients() {
        return outGradients;
    }

    GradientTensors shard(int rank) {
        return shards.get(rank);
    }

    /** Runs the plan once on ranks with a device of one thread each. */
    List<Execution> run(Devices.Kind device) {
        Execution[] executions = new Execution[backward.ranks()];
        RankThreads.run(ProcessGroups.inProcess(backward.problem().topology(), ShardedRun.TIMEOUTS), group -> {
            try (Device mine = Devices.open(device, 1)) {
                executions[group.rank()] = run(group, mine);
            }
        });
        return List.of(executions);
    }

    /** Runs one rank's part of the plan. */
    Execution run(ProcessGroup group, Device device) {
        try (PlanExecutor executor = new PlanExecutor(group, device)) {
            DistantDevice.link(device, executor);
            return executor.differentiate(
                    backward,
                    attention.shard(group.rank()),
                    shards.get(group.rank()),
                    attention.scoring(),
                    StepListener.NONE);
        }
    }

    /** Every rank's gradients against the oracle. */
    List<GradientAccuracy> judge() {
        GradientProblem problem = problem();
        return IntStream.range(0, backward.ranks())
                .mapToObj(rank -> judge(rank, problem))
                .toList();
    }

    /** The oracle. */
    GradientProblem problem() {
        return new GradientProblem(attention.problem(), outGradients);
    }

    /** One rank's gradients against the oracle, which is that of any run with the same tensors. */
    GradientAccuracy judge(int rank, GradientProblem problem) {
        GradientTensors shard = shards.get(rank);
        return problem.judge(
                shard.queries(),
                backward.queryPositions(rank),
                shard.keys(),
                shard.values(),
                backward.keyPositions(rank));
    }
}
