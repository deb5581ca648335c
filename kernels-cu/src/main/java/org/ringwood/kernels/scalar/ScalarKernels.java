package org.ringwood.kernels.scalar;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.function.LongToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.KernelShapes;
import org.ringwood.kernels.RowSlices;
import org.ringwood.kernels.SliceIndex;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.pool.Phase;
import org.ringwood.kernels.pool.RowRanges;
import org.ringwood.kernels.pool.WorkerPool;

/** The oracle as kernels: loops over rows and heads in f64, slow, exact but for the f32 of the states. */
public final class ScalarKernels implements AttentionKernels {
    private static final int ROWS_PER_TASK = 16;
    private static final long KEYS_PER_POLL = 1024;

    private final WorkerPool pool;

    /** Kernels that run on the threads of {@code pool}. */
    public ScalarKernels(WorkerPool pool) {
        this.pool = pool;
    }

    @Override
    public Future<?> clear(SoftmaxState state) {
        return eachRecord(
                state, (row, head) -> PartialRow.identity(state.dimV()).store(state, row, head));
    }

    @Override
    public Future<?> attend(AttentionCall call) {
        Lowering lowering = new Lowering(call);
        return pool.submit(
                lowering, records(call.state(), (row, head) -> attendRow(call, lowering.keys(row), row, head)));
    }

    private void poll(AttentionCall call) {
        if (pool.isClosed() || call.cancellation().requested()) {
            throw new CancellationException("attention was cancelled");
        }
    }

    /** Finds out which rows admit which keys. */
    private final class Lowering implements Phase {
        private final AttentionCall call;
        private @Nullable SliceIndex slices;

        Lowering(AttentionCall call) {
            this.call = call;
        }

        @Override
        public int tasks() {
            return 1;
        }

        @Override
        public void run(int task, int worker) {
            Runnable poll = () -> poll(call);
            slices = new SliceIndex(
                    RowSlices.lower(call.slices(), call.queryPositions(), call.keyPositions(), poll), poll);
        }

        List<Chunk> keys(long row) {
            return Objects.requireNonNull(slices).keys(row);
        }
    }

    private void attendRow(AttentionCall call, List<Chunk> admitted, long row, int head) {
        poll(call);
        float[] query = new float[call.queries().dim()];
        call.queries().read(row, head, query, 0);
        ExactRow attention = new ExactRow(query, call.values().dim(), call.scale(), call.softcap());
        int keyHead =
                AttentionCall.keyHead(head, call.queries().heads(), call.keys().heads());
        LongToDoubleFunction factors =
                call.dropout().factors(head, call.queryPositions().position(row));
        LongToDoubleFunction ofRow =
                key -> factors.applyAsDouble(call.keyPositions().position(key));
        for (Chunk run : admitted) {
            for (long from = run.from(); from < run.to(); from += KEYS_PER_POLL) {
                poll(call);
                long to = Math.min(run.to(), from + KEYS_PER_POLL);
                attention.add(call.keys(), call.values(), keyHead, from, to, ofRow);
            }
        }
        PartialRow.of(attention)
                .mergedWith(PartialRow.load(call.state(), row, head))
                .store(call.state(), row, head);
    }

    @Override
    public Future<?> merge(SoftmaxState into, SoftmaxState from) {
        KernelShapes.requireSame(into, from);
        return eachRecord(
                into,
                (row, head) -> PartialRow.load(into, row, head)
                        .mergedWith(PartialRow.load(from, row, head))
                        .store(into, row, head));
    }

    @Override
    public Future<?> sink(SoftmaxState into, float[] logits) {
        KernelShapes.requireSinks(into, logits);
        return eachRecord(into, (row, head) -> {
            SoftmaxState one = new SoftmaxState(
                    MemorySegment.ofArray(new byte[(int) SoftmaxState.recordBytes(into.dimV())]), 1, 1, into.dimV());
            one.setSink(0, 0, logits[head]);
            PartialRow.load(into, row, head)
                    .mergedWith(PartialRow.load(one, 0, 0))
                    .store(into, row, head);
        });
    }

    @Override
    public Future<?> finish(SoftmaxState state, Tensor out, Tensor lse) {
        KernelShapes.requireFinish(state, out, lse);
        return eachRecord(state, (row, head) -> {
            for (int i = 0; i < state.dimV(); i++) {
                out.set(row, head, i, state.out(row, head, i));
            }
            lse.set(row, head, 0, (float) (state.max(row, head) + Math.log(state.sum(row, head))));
        });
    }

    @Override
    public Future<?> copy(Tensor from, Tensor to) {
        KernelShapes.requireSame(from, to);
        return pool.submit(new RowRanges(from.tokens(), ROWS_PER_TASK, (first, end, worker) -> {
            for (long row = first; row < end; row++) {
                for (int head = 0; head < from.heads(); head++) {
                    from.copyHead(row, head, to);
                }
            }
        }));
    }

    private Future<?> eachRecord(SoftmaxState state, RecordBody body) {
        return pool.submit(records(state, body));
    }

    private static Phase records(SoftmaxState state, RecordBody body) {
        return new RowRanges(state.rows(), ROWS_PER_TASK, (first, end, worker) -> {
            for (long row = first; row < end; row++) {
                for (int head = 0; head < state.heads(); head++) {
                    body.run(row, head);
                }
            }
        });
    }

    private interface RecordBody {
        void run(long row, int head);
    }
}
