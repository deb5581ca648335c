package org.ringwood.attention.execution;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.plan.Plan;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Timeouts;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.AttentionProblem;

/**
 * One attention over random tensors, computed by ranks that are threads of this JVM: whole tensors are dealt to the ranks as the
 * plan says, the plan is run, the output is put together.
 */
final class ShardedRun {
    static final Timeouts TIMEOUTS =
            new Timeouts(Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ofSeconds(60), Optional.empty());

    /** How a rank's tensors lie in memory. */
    enum Layout {
        DENSE {
            @Override
            Tensor allocate(Arena arena, DType dtype, long tokens, int heads, int dim) {
                return Tensor.dense(
                        arena.allocate(Tensor.denseBytes(dtype, tokens, heads, dim), 64), dtype, tokens, heads, dim);
            }
        },
        /** {@code [heads, tokens, dim]}. */
        HEADS_FIRST {
            @Override
            Tensor allocate(Arena arena, DType dtype, long tokens, int heads, int dim) {
                MemorySegment memory = arena.allocate(Tensor.denseBytes(dtype, tokens, heads, dim), 64);
                return new Tensor(memory, dtype, tokens, heads, dim, dim, tokens * dim);
            }
        },
        /** The middle third of rows of a fused projection. */
        FUSED {
            @Override
            Tensor allocate(Arena arena, DType dtype, long tokens, int heads, int dim) {
                long stride = 3L * heads * dim;
                MemorySegment memory = arena.allocate(Tensor.denseBytes(dtype, tokens + 1, 3 * heads, dim), 64);
                MemorySegment middle = memory.asSlice((long) heads * dim * dtype.bytes());
                return new Tensor(middle, dtype, tokens, heads, dim, stride, dim);
            }
        };

        abstract Tensor allocate(Arena arena, DType dtype, long tokens, int heads, int dim);
    }

    private final Arena arena;
    private final Plan plan;
    private final Scoring scoring;
    private final Tensor queries;
    private final Tensor keys;
    private final Tensor values;
    private final List<AttentionTensors> shards;

    ShardedRun(Arena arena, Plan plan, Layout layout, Scoring scoring, long seed) {
        AttentionShape shape = plan.shape();
        SplittableRandom random = new SplittableRandom(seed);
        this.arena = arena;
        this.plan = plan;
        this.scoring = scoring;
        this.queries = random(shape.queries(), shape.heads(), shape.dim(), random);
        this.keys = random(shape.keys(), shape.kvHeads(), shape.dim(), random);
        this.values = random(shape.keys(), shape.kvHeads(), shape.dimV(), random);
        this.shards = IntStream.range(0, plan.ranks())
                .mapToObj(rank -> shard(rank, layout))
                .toList();
    }

    Tensor random(long tokens, int heads, int dim, SplittableRandom random) {
        Tensor tensor = Layout.DENSE.allocate(arena, plan.shape().dtype(), tokens, heads, dim);
        for (long token = 0; token < tokens; token++) {
            for (int head = 0; head < heads; head++) {
                for (int i = 0; i < dim; i++) {
                    tensor.set(token, head, i, (float) random.nextDouble(-2, 2));
                }
            }
        }
        return tensor;
    }

    private AttentionTensors shard(int rank, Layout layout) {
        AttentionShape shape = plan.shape();
        long rows = plan.queryPositions(rank).rows();
        return new AttentionTensors(
                shard(queries, plan.queryPositions(rank), layout),
                shard(keys, plan.keyPositions(rank), layout),
                shard(values, plan.keyPositions(rank), layout),
                layout.allocate(arena, shape.dtype(), rows, shape.heads(), shape.dimV()),
                layout.allocate(arena, DType.F32, rows, shape.heads(), 1));
    }

    Tensor shard(Tensor whole, Positions positions, Layout layout) {
        Tensor shard = layout.allocate(arena, whole.dtype(), positions.rows(), whole.heads(), whole.dim());
        for (long row = 0; row < positions.rows(); row++) {
            for (int head = 0; head < whole.heads(); head++) {
                float[] values = new float[whole.dim()];
                whole.read(positions.position(row), head, values, 0);
                shard.write(row, head, values, 0);
            }
        }
        return shard;
    }

    Tensor queries() {
        return queries;
    }

    Tensor keys() {
        return keys;
    }

    Tensor values() {
        return values;
    }

    Scoring scoring() {
        return scoring;
    }

    AttentionTensors shard(int rank) {
        return shards.get(rank);
    }

    /** Runs the plan once on ranks with a device of one thread each. */
    List<Execution> run(Devices.Kind device) {
        Execution[] executions = new Execution[plan.ranks()];
        RankThreads.run(ProcessGroups.inProcess(plan.problem().topology(), TIMEOUTS), group -> {
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
            return executor.execute(plan, shards.get(group.rank()), scoring);
        }
    }

    /** Every rank's output rows, in natural order. If several ranks have a row, it must be the same on all. */
    Tensor output() {
        return gathered(true);
    }

    /** Every rank's lse, in natural order. */
    Tensor lse() {
        return gathered(false);
    }

    private Tensor gathered(boolean output) {
        AttentionShape shape = plan.shape();
        int dim = output ? shape.dimV() : 1;
        DType dtype = output ? shape.dtype() : DType.F32;
        Tensor whole = Layout.DENSE.allocate(arena, dtype, shape.queries(), shape.heads(), dim);
        boolean[] seen = new boolean[(int) shape.queries()];
        float[] values = new float[dim];
        float[] before = new float[dim];
        for (int rank = 0; rank < plan.ranks(); rank++) {
            Tensor shard = output ? shards.get(rank).out() : shards.get(rank).lse();
            Positions positions = plan.queryPositions(rank);
            for (long row = 0; row < positions.rows(); row++) {
                long token = positions.position(row);
                for (int head = 0; head < shape.heads(); head++) {
                    shard.read(row, head, values, 0);
                    whole.read(token, head, before, 0);
                    if (seen[(int) token] && !Arrays.equals(values, before)) {
                        throw new AssertionError("rank " + rank + " has another row " + token);
                    }
                    whole.write(token, head, values, 0);
                }
                seen[(int) token] = true;
            }
        }
        return whole;
    }

    /** The result against the oracle. */
    Accuracy judge() {
        return problem().judge(output(), lse());
    }

    /** One rank's rows of the result against the oracle. */
    Accuracy judge(int rank) {
        AttentionTensors shard = shards.get(rank);
        Positions positions = plan.queryPositions(rank);
        AttentionProblem problem = problem();
        float[] out = new float[shard.out().dim()];
        Accuracy accuracy = Accuracy.none(shard.out().dtype());
        for (long row = 0; row < positions.rows(); row++) {
            for (int head = 0; head < shard.out().heads(); head++) {
                shard.out().read(row, head, out, 0);
                float lse = shard.lse().get(row, head, 0);
                accuracy = accuracy.and(
                        problem.oracle(positions.position(row), head).judge(accuracy.dtype(), out, lse));
            }
        }
        return accuracy;
    }

    AttentionProblem problem() {
        Mask mask = plan.problem().mask();
        return new AttentionProblem(
                queries, keys, values, mask.slices(), scoring.scale(), scoring.softcap(), scoring.dropout());
    }
}
