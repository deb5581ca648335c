package org.ringwood.runtime.worker;

import java.lang.foreign.Arena;
import java.util.List;
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
 * How fast ranks attend a piece of a job by themselves, all at the same time as they share the machine: what predictions and the parts
 * that unlike ranks get are made with. What it takes to bring tensors to the device counts.
 */
final class SoloSpeed implements AutoCloseable {
    /** Of as many runs the fastest counts: others are held up by whatever else the machine does. */
    private static final int RUNS = 3;

    private static final long USUAL_ROWS = 1024;
    private static final long USUAL_KEYS = 4096;

    /** Every device has this in hand; it takes a core less than a millisecond. */
    private static final long SMALLEST = 64;

    /** A piece that takes so long says more of the kernel than of what it takes to call it. */
    private static final double LONG_ENOUGH = 0.02;

    /** A JVM compiles its kernels while they run; a run that is a tenth faster than all before shows that it hasn't come to the end. */
    private static final double FASTER = 0.9;

    private static final double QUIET_SECONDS = 1;
    private static final double MOST_WARM_UP_SECONDS = 10;
    private static final double NANOS_PER_SECOND = 1e9;

    private final ProcessGroup alone;
    private final PlanExecutor executor;
    private final AttentionShape largest;

    /** Every rank makes one: alone, it still lives and fails with the job. */
    private SoloSpeed(ProcessGroup group, Device device, AttentionShape largest) {
        this.alone = group.split(group.rank(), 0);
        this.executor = new PlanExecutor(alone, device);
        this.largest = largest;
    }

    /** Floating-point operations a second of every rank. Every rank calls it. */
    static List<Double> ofRanks(ProcessGroup group, Device device, AttentionShape shape) {
        try (SoloSpeed mine = new SoloSpeed(group, device, evenShare(shape, group.size()))) {
            return exchanged(group, mine.measure(group, mine.piece(USUAL_ROWS, USUAL_KEYS)));
        }
    }

    /**
     * The same, once this JVM has compiled its kernels, and on a piece as large as the device needs: ranks may be a thousand times as
     * fast as others.
     */
    static List<Double> ofWarmRanks(ProcessGroup group, Device device, AttentionShape shape) {
        try (SoloSpeed mine = new SoloSpeed(group, device, evenShare(shape, group.size()))) {
            mine.warmUp();
            return exchanged(group, mine.measure(group, mine.longEnough()));
        }
    }

    private static List<Double> exchanged(ProcessGroup group, double mine) {
        return Gathering.texts(group, Double.toString(mine)).stream()
                .map(Double::valueOf)
                .toList();
    }

    private static AttentionShape evenShare(AttentionShape shape, int ranks) {
        return resized(
                shape,
                Math.max(1, Math.ceilDiv(shape.queries(), ranks)),
                Math.max(1, Math.ceilDiv(shape.keys(), ranks)));
    }

    private static AttentionShape resized(AttentionShape shape, long queries, long keys) {
        return new AttentionShape(
                queries, keys, shape.heads(), shape.kvHeads(), shape.dim(), shape.dimV(), shape.dtype());
    }

    private AttentionShape piece(long queries, long keys) {
        return resized(largest, Math.min(queries, largest.queries()), Math.min(keys, largest.keys()));
    }

    private void warmUp() {
        AttentionShape smallest = piece(SMALLEST, SMALLEST);
        long begin = System.nanoTime();
        double fastest = Double.POSITIVE_INFINITY;
        double lastFaster = 0;
        double now = 0;
        while (now < Math.min(lastFaster + QUIET_SECONDS, MOST_WARM_UP_SECONDS)) {
            double seconds = fastest(smallest, 1, () -> {});
            now = (System.nanoTime() - begin) / NANOS_PER_SECOND;
            if (seconds < fastest * FASTER) {
                fastest = seconds;
                lastFaster = now;
            }
        }
    }

    private AttentionShape longEnough() {
        AttentionShape piece = piece(SMALLEST, SMALLEST);
        while (!piece.equals(largest) && fastest(piece, 1, () -> {}) < LONG_ENOUGH) {
            piece = piece(2 * piece.queries(), 2 * piece.keys());
        }
        return piece;
    }

    private double measure(ProcessGroup group, AttentionShape piece) {
        return piece.flops(piece.queries() * piece.keys(), piece.heads()) / fastest(piece, RUNS, group::barrier);
    }

    private double fastest(AttentionShape piece, int runs, Runnable beforeEach) {
        Schedule schedule = new RingAttention();
        Plan plan = schedule.plan(schedule.problem(
                piece,
                MaskRule.full().over(piece.queries(), piece.keys()),
                PartitionRule.CONTIGUOUS,
                alone.topology()));
        try (Arena arena = Arena.ofShared()) {
            AttentionTensors tensors = zeros(arena, piece);
            double fastest = Double.POSITIVE_INFINITY;
            for (int run = 0; run < runs; run++) {
                beforeEach.run();
                fastest = Math.min(
                        fastest,
                        executor.execute(plan, tensors, new Scoring(1, 0)).seconds());
            }
            return fastest;
        }
    }

    private static AttentionTensors zeros(Arena arena, AttentionShape shape) {
        return new AttentionTensors(
                Tensor.allocate(arena, shape.dtype(), shape.queries(), shape.heads(), shape.dim()),
                Tensor.allocate(arena, shape.dtype(), shape.keys(), shape.kvHeads(), shape.dim()),
                Tensor.allocate(arena, shape.dtype(), shape.keys(), shape.kvHeads(), shape.dimV()),
                Tensor.allocate(arena, shape.dtype(), shape.queries(), shape.heads(), shape.dimV()),
                Tensor.allocate(arena, DType.F32, shape.queries(), shape.heads(), 1));
    }

    @Override
    public void close() {
        executor.close();
        alone.close();
    }
}
