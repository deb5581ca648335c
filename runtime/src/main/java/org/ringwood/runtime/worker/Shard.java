package org.ringwood.runtime.worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.execution.AttentionTensors;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.MemoryExhaustedException;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.tensors.FiniteCheck;
import org.ringwood.runtime.tensors.TensorSource;

/**
 * A rank's part of the tensors. What the plan sends to peers lies in memory of the group, where they may read it in place; the rest
 * in ordinary memory.
 */
final class Shard implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final ProcessGroup group;
    private final RowWork work;
    private final Set<Operand> sent;
    private final Arena arena = Arena.ofShared();
    private final List<GroupMemory> shared = new ArrayList<>();

    private Shard(ProcessGroup group, RankPlan plan, RowWork work) {
        this.group = group;
        this.work = work;
        this.sent = sentOperands(plan);
    }

    /** The shard's memory with what is in it. */
    record Loaded(Shard shard, AttentionTensors tensors) implements AutoCloseable {
        @Override
        public void close() {
            shard.close();
        }
    }

    /** How many rows a rank loads. */
    static long rows(RankPlan plan) {
        return plan.queryPositions().rows() + 2 * plan.keyPositions().rows();
    }

    /**
     * Reads the rows of this rank from the inputs.
     *
     * @param work on all {@link #rows} of them
     * @throws org.ringwood.runtime.files.InputException if they cannot be read, or contain NaN or infinity
     * @throws MemoryExhaustedException if there is no memory for them
     */
    static Loaded load(Inputs inputs, Plan plan, ProcessGroup group, RowWork work) {
        RankPlan rankPlan = plan.rank(group.rank());
        Shard shard = new Shard(group, rankPlan, work);
        try {
            return new Loaded(shard, shard.read(inputs, plan.shape(), rankPlan));
        } catch (RuntimeException failed) {
            shard.close();
            throw failed;
        }
    }

    private static Set<Operand> sentOperands(RankPlan plan) {
        Set<Operand> sent = EnumSet.noneOf(Operand.class);
        for (Step step : plan.steps()) {
            if (step instanceof Step.Send send && send.part().buffer().isCallers()) {
                sent.add(send.part().buffer().operand());
            }
        }
        return sent;
    }

    private AttentionTensors read(Inputs inputs, AttentionShape shape, RankPlan plan) {
        Positions rows = plan.queryPositions();
        return new AttentionTensors(
                read(Operand.QUERIES, inputs.queries(), rows),
                read(Operand.KEYS, inputs.keys(), plan.keyPositions()),
                read(Operand.VALUES, inputs.values(), plan.keyPositions()),
                allocate(Operand.OUT, shape.dtype(), rows.rows(), shape.heads(), shape.dimV()),
                allocate(Operand.LSE, DType.F32, rows.rows(), shape.heads(), 1));
    }

    private Tensor read(Operand operand, TensorSource source, Positions tokens) {
        var shape = source.shape();
        Tensor tensor = allocate(operand, shape.dtype(), tokens.rows(), shape.heads(), shape.dim());
        long rowBytes = Tensor.denseBytes(shape.dtype(), 1, shape.heads(), shape.dim());
        work.inBlocks(tokens.rows(), rowBytes, (from, to) -> {
            Tensor rows = tensor.rows(from, to);
            Positions positions = tokens.slice(from, to);
            source.read(positions, 0, rows);
            FiniteCheck.requireFinite(rows, positions, source, group.rank());
        });
        return tensor;
    }

    private Tensor allocate(Operand operand, DType dtype, long rows, int heads, int dim) {
        long bytes = Tensor.denseBytes(dtype, rows, heads, dim);
        MemorySegment memory = sent.contains(operand) ? fromGroup(bytes) : ordinary(operand, bytes);
        return Tensor.dense(memory, dtype, rows, heads, dim);
    }

    private MemorySegment fromGroup(long bytes) {
        GroupMemory memory = group.allocate(bytes);
        shared.add(memory);
        return memory.segment();
    }

    private MemorySegment ordinary(Operand operand, long bytes) {
        try {
            return arena.allocate(bytes, ALIGNMENT);
        } catch (OutOfMemoryError exhausted) {
            MemoryExhaustedException exception = new MemoryExhaustedException("rank " + group.rank() + " needs " + bytes
                    + " bytes of native memory for its " + operand + ", and the JVM says: " + exhausted.getMessage()
                    + "; use more workers or a machine with more memory");
            exception.initCause(exhausted);
            throw exception;
        }
    }

    @Override
    public void close() {
        shared.forEach(GroupMemory::close);
        arena.close();
    }
}
