package org.ringwood.kernels.scalar;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.function.LongToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.GradientKernels;
import org.ringwood.kernels.KernelShapes;
import org.ringwood.kernels.RowSlices;
import org.ringwood.kernels.SliceIndex;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.pool.Phase;
import org.ringwood.kernels.pool.RowRanges;
import org.ringwood.kernels.pool.WorkerPool;

/** The gradients of the oracle: loops in f64, a key head a task, summed up in blocks of keys. */
public final class ScalarGradients implements GradientKernels {
    private static final int ROWS_PER_TASK = 16;
    private static final long KEYS_PER_BLOCK = 4096;

    private final WorkerPool pool;

    /** Kernels that run on the threads of {@code pool}. */
    public ScalarGradients(WorkerPool pool) {
        this.pool = pool;
    }

    @Override
    public Future<?> delta(Tensor out, Tensor outGradients, Tensor delta) {
        KernelShapes.requireDelta(out, outGradients, delta);
        return eachHead(out, (row, head) -> {
            double[] results = new double[out.dim()];
            float[] gradients = new float[out.dim()];
            for (int i = 0; i < results.length; i++) {
                results[i] = out.get(row, head, i);
            }
            outGradients.read(row, head, gradients, 0);
            delta.set(row, head, 0, (float) RowGradients.delta(results, gradients));
        });
    }

    @Override
    public Future<?> clear(Tensor sums) {
        KernelShapes.requireSums(sums);
        return eachHead(sums, (row, head) -> sums.write(row, head, new float[sums.dim()], 0));
    }

    @Override
    public Future<?> add(Tensor from, Tensor into) {
        KernelShapes.requireSums(from, into);
        return eachHead(into, (row, head) -> {
            for (int i = 0; i < into.dim(); i++) {
                into.set(row, head, i, into.get(row, head, i) + from.get(row, head, i));
            }
        });
    }

    @Override
    public Future<?> round(Tensor from, Tensor to) {
        KernelShapes.requireRounding(from, to);
        return eachHead(to, (row, head) -> {
            float[] values = new float[from.dim()];
            from.read(row, head, values, 0);
            to.write(row, head, values, 0);
        });
    }

    private Future<?> eachHead(Tensor tensor, HeadBody body) {
        return pool.submit(new RowRanges(tensor.tokens(), ROWS_PER_TASK, (first, end, worker) -> {
            for (long row = first; row < end; row++) {
                for (int head = 0; head < tensor.heads(); head++) {
                    body.run(row, head);
                }
            }
        }));
    }

    private interface HeadBody {
        void run(long row, int head);
    }

    @Override
    public Future<?> attend(GradientCall call) {
        KeyHeads heads = new KeyHeads(call);
        return pool.submit(heads.new Lowering(), heads);
    }

    private final class KeyHeads implements Phase {
        private final GradientCall call;
        private @Nullable SliceIndex slices;

        KeyHeads(GradientCall call) {
            this.call = call;
        }

        /** Finds out which rows admit which keys, once for all heads. */
        private final class Lowering implements Phase {
            @Override
            public int tasks() {
                return 1;
            }

            @Override
            public void run(int task, int worker) {
                Runnable poll = KeyHeads.this::poll;
                slices = new SliceIndex(
                        RowSlices.lower(call.slices(), call.queryPositions(), call.keyPositions(), poll), poll);
            }
        }

        @Override
        public int tasks() {
            return call.keys().heads();
        }

        @Override
        public void run(int keyHead, int worker) {
            SliceIndex lowered = Objects.requireNonNull(slices);
            long keys = call.keys().tokens();
            for (long from = 0; from < keys; from += KEYS_PER_BLOCK) {
                Block block = new Block(call, keyHead, from, Math.min(keys, from + KEYS_PER_BLOCK));
                for (long row = 0; row < call.queries().tokens(); row++) {
                    for (int head = 0; head < call.queries().heads(); head++) {
                        if (AttentionCall.keyHead(
                                        head,
                                        call.queries().heads(),
                                        call.keys().heads())
                                == keyHead) {
                            poll();
                            block.attend(row, head, lowered);
                        }
                    }
                }
                block.store();
            }
        }

        private void poll() {
            if (pool.isClosed() || call.cancellation().requested()) {
                throw new CancellationException("gradients were cancelled");
            }
        }
    }

    /** Some keys of a head, and their gradients. */
    private static final class Block {
        private final GradientCall call;
        private final int keyHead;
        private final long from;
        private final long to;
        private final int dim;
        private final int dimV;
        private final double[] keyGradients;
        private final double[] valueGradients;
        private final float[] query;
        private final float[] outGradient;
        private final float[] key;
        private final float[] value;

        Block(GradientCall call, int keyHead, long from, long to) {
            this.call = call;
            this.keyHead = keyHead;
            this.from = from;
            this.to = to;
            this.dim = call.keys().dim();
            this.dimV = call.values().dim();
            this.keyGradients = new double[(int) (to - from) * dim];
            this.valueGradients = new double[(int) (to - from) * dimV];
            this.query = new float[dim];
            this.outGradient = new float[dimV];
            this.key = new float[dim];
            this.value = new float[dimV];
        }

        void attend(long row, int head, SliceIndex slices) {
            call.queries().read(row, head, query, 0);
            call.outGradients().read(row, head, outGradient, 0);
            RowGradients gradients = new RowGradients(
                    query,
                    outGradient,
                    call.scale(),
                    call.softcap(),
                    call.lse().get(row, head, 0),
                    call.delta().get(row, head, 0),
                    Arithmetic.EXACT);
            LongToDoubleFunction factors =
                    call.dropout().factors(head, call.queryPositions().position(row));
            for (Chunk run : slices.keys(row)) {
                for (long k = Math.max(from, run.from()); k < Math.min(to, run.to()); k++) {
                    call.keys().read(k, keyHead, key, 0);
                    call.values().read(k, keyHead, value, 0);
                    int at = (int) (k - from);
                    double factor = factors.applyAsDouble(call.keyPositions().position(k));
                    gradients.add(key, value, factor, keyGradients, at * dim, valueGradients, at * dimV);
                }
            }
            add(gradients.queryGradient(), 0, call.queryGradients(), row, head);
        }

        void store() {
            for (long k = from; k < to; k++) {
                int at = (int) (k - from);
                add(keyGradients, at * dim, call.keyGradients(), k, keyHead);
                add(valueGradients, at * dimV, call.valueGradients(), k, keyHead);
            }
        }

        private static void add(double[] gradients, int at, Tensor to, long row, int head) {
            for (int i = 0; i < to.dim(); i++) {
                to.set(row, head, i, (float) (to.get(row, head, i) + gradients[at + i]));
            }
        }
    }
}
