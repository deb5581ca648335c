package org.ringwood.kernels.cpu;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.GradientKernels;
import org.ringwood.kernels.KernelShapes;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.pool.Phase;
import org.ringwood.kernels.pool.RowRanges;
import org.ringwood.kernels.pool.WorkerPool;

/** The kernels of gradients as tasks of the pool that runs attention, in the same memory. */
final class CpuGradients implements GradientKernels {
    private static final long FLOATS_PER_TASK = 1 << 15;

    /** How often a task looks for its turn: a small part of what a group takes. */
    private static final long TURN_NANOS = 20_000;

    private final WorkerPool pool;
    private final Scratch[] scratch;

    CpuGradients(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
    }

    /** In f64: the sum is the difference that remains of much larger numbers. */
    @Override
    public Future<?> delta(Tensor out, Tensor outGradients, Tensor delta) {
        KernelShapes.requireDelta(out, outGradients, delta);
        int dim = out.dim();
        return pool.submit(ranges(out, (first, end, worker) -> {
            float[] results = new float[dim];
            float[] gradients = new float[dim];
            for (long row = first; row < end; row++) {
                for (int head = 0; head < out.heads(); head++) {
                    out.read(row, head, results, 0);
                    outGradients.read(row, head, gradients, 0);
                    double sum = 0;
                    for (int i = 0; i < dim; i++) {
                        sum += (double) results[i] * gradients[i];
                    }
                    delta.set(row, head, 0, (float) sum);
                }
            }
        }));
    }

    @Override
    public Future<?> clear(Tensor sums) {
        KernelShapes.requireSums(sums);
        float[] zeros = new float[sums.dim()];
        return pool.submit(ranges(sums, (first, end, worker) -> {
            for (long row = first; row < end; row++) {
                for (int head = 0; head < sums.heads(); head++) {
                    sums.write(row, head, zeros, 0);
                }
            }
        }));
    }

    @Override
    public Future<?> add(Tensor from, Tensor into) {
        KernelShapes.requireSums(from, into);
        int dim = into.dim();
        return pool.submit(ranges(into, (first, end, worker) -> {
            float[] sums = new float[dim];
            float[] more = new float[dim];
            for (long row = first; row < end; row++) {
                for (int head = 0; head < into.heads(); head++) {
                    from.read(row, head, more, 0);
                    into.read(row, head, sums, 0);
                    for (int i = 0; i < dim; i++) {
                        sums[i] += more[i];
                    }
                    into.write(row, head, sums, 0);
                }
            }
        }));
    }

    @Override
    public Future<?> round(Tensor from, Tensor to) {
        KernelShapes.requireRounding(from, to);
        return pool.submit(ranges(to, (first, end, worker) -> {
            float[] sums = new float[to.dim()];
            for (long row = first; row < end; row++) {
                for (int head = 0; head < to.heads(); head++) {
                    from.read(row, head, sums, 0);
                    to.write(row, head, sums, 0);
                }
            }
        }));
    }

    private static RowRanges ranges(Tensor tensor, RowRanges.Body body) {
        long rowFloats = (long) tensor.heads() * tensor.dim();
        return new RowRanges(tensor.tokens(), Math.max(1, FLOATS_PER_TASK / rowFloats), body);
    }

    @Override
    public Future<?> attend(GradientCall call) {
        Gradients gradients = new Gradients(call);
        return pool.submit(gradients.new Planning(), gradients.new Runs());
    }

    /** One call of gradients: cut it into tasks, and run them. */
    private final class Gradients {
        private final GradientCall call;
        private @Nullable GradientPlan plan;
        /** Whether a task has failed, for which others need not wait. */
        private volatile boolean failed;

        Gradients(GradientCall call) {
            this.call = call;
        }

        private void poll() {
            if (pool.isClosed() || call.cancellation().requested()) {
                throw new CancellationException("gradients were cancelled");
            }
        }

        private final class Planning implements Phase {
            @Override
            public int tasks() {
                return 1;
            }

            @Override
            public void run(int task, int worker) {
                plan = new GradientPlan(call, Gradients.this::poll);
            }
        }

        private final class Runs implements Phase {
            @Override
            public int tasks() {
                return plan == null ? 0 : plan.tasks();
            }

            @Override
            public void run(int task, int worker) {
                if (plan == null) {
                    return;
                }
                boolean done = false;
                try {
                    attend(plan, task, scratch[worker]);
                    done = true;
                } finally {
                    if (!done) {
                        failed = true;
                    }
                }
            }
        }

        private void attend(GradientPlan of, int task, Scratch memory) {
            for (int group = of.groupsTo(task) - 1; group >= of.groupsFrom(task); group--) {
                if (of.admits(group, task)) {
                    GroupGradients gradients = new GroupGradients(call, of.group(group), memory, this::poll);
                    gradients.attend(of.slices(group, task));
                    while (!of.hasTurn(group, task)) {
                        if (failed) {
                            return;
                        }
                        poll();
                        LockSupport.parkNanos(TURN_NANOS);
                    }
                    gradients.addQueryGradients();
                    of.pass(group);
                }
            }
        }
    }
}
