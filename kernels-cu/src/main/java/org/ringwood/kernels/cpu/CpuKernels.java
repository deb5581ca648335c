package org.ringwood.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.Future;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.GradientKernels;
import org.ringwood.kernels.KernelShapes;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.pool.Phase;
import org.ringwood.kernels.pool.RowRanges;
import org.ringwood.kernels.pool.WorkerPool;

/**
 * The kernels as tasks of a pool of threads. Everything but attention runs over ranges of rows, bound by memory. They need a
 * processor with fused multiply-add; without one they are right but very slow.
 */
public final class CpuKernels implements AttentionKernels {
    private static final long FLOATS_PER_TASK = 1 << 15;

    private final WorkerPool pool;
    private final Scratch[] scratch;

    /** Kernels that run on the threads of {@code pool}. */
    public CpuKernels(WorkerPool pool) {
        this.pool = pool;
        this.scratch = new Scratch[pool.threads()];
        Arrays.setAll(scratch, worker -> new Scratch());
    }

    /** The vectors that attention is computed with, for people: for instance {@code 512-bit vectors}. */
    public static String vectors() {
        return Vectors.FLOATS.vectorBitSize() + "-bit vectors";
    }

    /** The kernels of gradients on the same threads. */
    public GradientKernels gradients() {
        return new CpuGradients(pool, scratch);
    }

    @Override
    public Future<?> attend(AttentionCall call) {
        return pool.submit(new Attend(call, scratch, pool::isClosed).phases());
    }

    @Override
    public Future<?> clear(SoftmaxState state) {
        float[] identity = new float[StateMerge.recordLength(state.dimV())];
        identity[0] = Float.NEGATIVE_INFINITY;
        return pool.submit(ranges(state, (from, to, worker) -> {
            for (long row = from; row < to; row++) {
                for (int head = 0; head < state.heads(); head++) {
                    store(identity, state, row, head);
                }
            }
        }));
    }

    @Override
    public Future<?> merge(SoftmaxState into, SoftmaxState from) {
        KernelShapes.requireSame(into, from);
        return pool.submit(ranges(into, (first, end, worker) -> {
            float[] merged = new float[StateMerge.recordLength(from.dimV())];
            float[] added = new float[merged.length];
            for (long row = first; row < end; row++) {
                for (int head = 0; head < from.heads(); head++) {
                    load(from, row, head, added);
                    StateMerge.merge(into, row, head, added, 0, merged);
                }
            }
        }));
    }

    @Override
    public Future<?> sink(SoftmaxState into, float[] logits) {
        KernelShapes.requireSinks(into, logits);
        return pool.submit(ranges(into, (first, end, worker) -> {
            float[] merged = new float[StateMerge.recordLength(into.dimV())];
            float[] sink = new float[merged.length];
            for (long row = first; row < end; row++) {
                for (int head = 0; head < into.heads(); head++) {
                    sink[0] = logits[head];
                    sink[1] = logits[head] == Float.NEGATIVE_INFINITY ? 0 : 1;
                    StateMerge.merge(into, row, head, sink, 0, merged);
                }
            }
        }));
    }

    @Override
    public Future<?> finish(SoftmaxState state, Tensor out, Tensor lse) {
        KernelShapes.requireFinish(state, out, lse);
        return pool.submit(ranges(state, (from, to, worker) -> {
            float[] record = new float[StateMerge.recordLength(state.dimV())];
            for (long row = from; row < to; row++) {
                for (int head = 0; head < state.heads(); head++) {
                    load(state, row, head, record);
                    out.write(row, head, record, SoftmaxState.HEADER);
                    // StrictMath: its bits don't depend on the compiler.
                    lse.set(row, head, 0, (float) (record[0] + StrictMath.log(record[1])));
                }
            }
        }));
    }

    @Override
    public Future<?> copy(Tensor from, Tensor to) {
        KernelShapes.requireSame(from, to);
        long rowFloats = (long) from.heads() * from.dim();
        return pool.submit(new RowRanges(from.tokens(), rowsPerTask(rowFloats), (first, end, worker) -> {
            for (long row = first; row < end; row++) {
                copyRow(from, to, row);
            }
        }));
    }

    private static void copyRow(Tensor from, Tensor to, long row) {
        if (from.headStride() == from.dim() && to.headStride() == to.dim()) {
            long bytes = (long) from.heads() * from.dim() * from.dtype().bytes();
            MemorySegment.copy(from.memory(), from.offset(row, 0), to.memory(), to.offset(row, 0), bytes);
            return;
        }
        for (int head = 0; head < from.heads(); head++) {
            from.copyHead(row, head, to);
        }
    }

    private static Phase ranges(SoftmaxState state, RowRanges.Body body) {
        long rowFloats = (long) state.heads() * StateMerge.recordLength(state.dimV());
        return new RowRanges(state.rows(), rowsPerTask(rowFloats), body);
    }

    private static long rowsPerTask(long rowFloats) {
        return Math.max(1, FLOATS_PER_TASK / rowFloats);
    }

    private static void load(SoftmaxState state, long row, int head, float[] record) {
        int length = StateMerge.recordLength(state.dimV());
        MemorySegment.copy(state.memory(), JAVA_FLOAT_UNALIGNED, state.offset(row, head), record, 0, length);
    }

    private static void store(float[] record, SoftmaxState state, long row, int head) {
        MemorySegment.copy(record, 0, state.memory(), JAVA_FLOAT_UNALIGNED, state.offset(row, head), record.length);
    }
}
