package org.ringwood.runtime.worker;

import java.lang.foreign.Arena;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.execution.AttentionTensors;
import org.ringwood.attention.execution.PlanExecutor;
import org.ringwood.attention.execution.Scoring;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.RingAttention;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Tensor;

/**
 * How fast ranks attend a piece of a row by themselves, all at the same time as they share the machine: what predictions of the row's
 * time are made with.
 */
final class SoloSpeed {
    private static final int RUNS = 3;
    private static final int MOST_ROWS = 1024;
    private static final int MOST_KEYS = 4096;
    private static final long ALIGNMENT = 64;

    private SoloSpeed() {}

    /** Floating-point operations a second of the slowest rank. Every rank calls it. */
    static double flopsPerSecond(ProcessGroup group, ProcessGroup alone, Device device, AttentionShape shape) {
        AttentionShape piece = new AttentionShape(
                Math.clamp(Math.ceilDiv(shape.queries(), group.size()), 1, MOST_ROWS),
                Math.clamp(Math.ceilDiv(shape.keys(), group.size()), 1, MOST_KEYS),
                shape.heads(),
                shape.kvHeads(),
                shape.dim(),
                shape.dimV(),
                shape.dtype());
        double mine = measure(group, alone, device, piece);
        return Gathering.texts(group, Double.toString(mine)).stream()
                .mapToDouble(Double::parseDouble)
                .min()
                .orElseThrow();
    }

    private static double measure(ProcessGroup group, ProcessGroup alone, Device device, AttentionShape piece) {
        Schedule schedule = new RingAttention();
        Plan plan = schedule.plan(schedule.problem(
                piece,
                MaskRule.full().over(piece.queries(), piece.keys()),
                PartitionRule.CONTIGUOUS,
                alone.topology()));
        try (Arena arena = Arena.ofShared();
                PlanExecutor executor = new PlanExecutor(alone, device)) {
            AttentionTensors tensors = zeros(arena, piece);
            double fastest = Double.POSITIVE_INFINITY;
            for (int run = 0; run < RUNS; run++) {
                group.barrier();
                fastest = Math.min(
                        fastest,
                        executor.execute(plan, tensors, new Scoring(1, 0)).seconds());
            }
            return piece.flops(piece.queries() * piece.keys(), piece.heads()) / fastest;
        }
    }

    private static AttentionTensors zeros(Arena arena, AttentionShape shape) {
        return new AttentionTensors(
                zeros(arena, shape.dtype(), shape.queries(), shape.heads(), shape.dim()),
                zeros(arena, shape.dtype(), shape.keys(), shape.kvHeads(), shape.dim()),
                zeros(arena, shape.dtype(), shape.keys(), shape.kvHeads(), shape.dimV()),
                zeros(arena, shape.dtype(), shape.queries(), shape.heads(), shape.dimV()),
                zeros(arena, DType.F32, shape.queries(), shape.heads(), 1));
    }

    private static Tensor zeros(Arena arena, DType dtype, long rows, int heads, int dim) {
        return Tensor.dense(
                arena.allocate(Tensor.denseBytes(dtype, rows, heads, dim), ALIGNMENT), dtype, rows, heads, dim);
    }
}
