package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.KernelShapes;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.cuda.driver.Driver;
import org.ringwood.kernels.pool.Phase;
import org.ringwood.kernels.pool.WorkerPool;

/** The kernels on tensors in host memory: each call copies what it reads to the device and what it wrote back. The thread of a pool of one runs them in their order. */
final class CudaKernels implements AttentionKernels {
    private static final int THREADS = 256;
    /** Records of a block of the kernels of states, and most of its blocks: each goes on until no record is left. */
    private static final int RECORDS_PER_BLOCK = 32;

    private static final int MOST_BLOCKS = 4096;

    private static final long COPIED_PER_POLL = 1 << 10;

    private final WorkerPool pool;
    private final Gpu gpu;

    CudaKernels(WorkerPool pool, Gpu gpu) {
        this.pool = pool;
        this.gpu = gpu;
    }

    @Override
    public Future<?> attend(AttentionCall call) {
        String what = "attention of queries " + call.queries().shape() + " to keys "
                + call.keys().shape() + " and values " + call.values().shape();
        return submit(what, () -> new Attend(gpu, call, () -> poll(call)).run());
    }

    private void poll(AttentionCall call) {
        requireOpen();
        if (call.cancellation().requested()) {
            throw new CancellationException("attention was cancelled");
        }
    }

    private void requireOpen() {
        if (pool.isClosed()) {
            throw new CancellationException("the device was closed");
        }
    }

    /** Host memory is cleared where it is. */
    @Override
    public Future<?> clear(SoftmaxState state) {
        return pool.submit(new Single(() -> {
            state.memory().fill((byte) 0);
            for (long row = 0; row < state.rows(); row++) {
                for (int head = 0; head < state.heads(); head++) {
                    state.set(row, head, Float.NEGATIVE_INFINITY, 0);
                }
            }
        }));
    }

    @Override
    public Future<?> merge(SoftmaxState into, SoftmaxState from) {
        KernelShapes.requireSame(into, from);
        return submit("the merge of states " + shape(into), () -> {
            try (Arena arena = Arena.ofConfined();
                    DeviceMemory.Scope memory = gpu.memory().open()) {
                long intoAddress = upload(into, memory);
                long fromAddress = upload(from, memory);
                eachRecord(
                        gpu.modules().state("state_merge"),
                        into,
                        Arguments.of(arena, intoAddress),
                        Arguments.of(arena, fromAddress),
                        Arguments.of(arena, records(into)),
                        Arguments.of(arena, into.dimV()));
                gpu.copies().download(intoAddress, into);
            }
        });
    }

    @Override
    public Future<?> finish(SoftmaxState state, Tensor out, Tensor lse) {
        KernelShapes.requireFinish(state, out, lse);
        return submit("the output " + out.shape() + " of states " + shape(state), () -> {
            try (Arena arena = Arena.ofConfined();
                    DeviceMemory.Scope memory = gpu.memory().open()) {
                long stateAddress = upload(state, memory);
                long outAddress = memory.allocate(out.denseBytes());
                long lseAddress = memory.allocate(lse.denseBytes());
                eachRecord(
                        gpu.modules().state("state_finish_" + KernelModules.suffix(out.dtype())),
                        state,
                        Arguments.of(arena, stateAddress),
                        Arguments.view(arena, DeviceView.dense(outAddress, out.dtype(), out.heads(), out.dim())),
                        Arguments.view(arena, DeviceView.dense(lseAddress, DType.F32, lse.heads(), 1)),
                        Arguments.of(arena, state.rows()),
                        Arguments.of(arena, state.heads()),
                        Arguments.of(arena, state.dimV()));
                gpu.copies().download(outAddress, out);
                gpu.copies().download(lseAddress, lse);
            }
        });
    }

    /** Host memory is copied by the host. */
    @Override
    public Future<?> copy(Tensor from, Tensor to) {
        KernelShapes.requireSame(from, to);
        return pool.submit(new Single(() -> {
            for (long row = 0; row < from.tokens(); row++) {
                if (row % COPIED_PER_POLL == 0) {
                    requireOpen();
                }
                for (int head = 0; head < from.heads(); head++) {
                    from.copyHead(row, head, to);
                }
            }
        }));
    }

    private long upload(SoftmaxState state, DeviceMemory.Scope memory) {
        long address = memory.allocate(state.memory().byteSize());
        gpu.copies().upload(state, address);
        return address;
    }

    private void eachRecord(Driver.Function function, SoftmaxState state, MemorySegment... arguments) {
        long blocks = Math.min(MOST_BLOCKS, Math.ceilDiv(records(state), RECORDS_PER_BLOCK));
        if (blocks > 0) {
            gpu.launch(function, (int) blocks, THREADS, arguments);
        }
    }

    private static long records(SoftmaxState state) {
        return state.rows() * state.heads();
    }

    private static String shape(SoftmaxState state) {
        return "[" + state.rows() + ", " + state.heads() + ", " + state.dimV() + "]";
    }

    private Future<?> submit(String what, Gpu.Work work) {
        return pool.submit(new Single(() -> gpu.run(what, work)));
    }

    /** A call as one task. */
    private record Single(Runnable body) implements Phase {
        @Override
        public int tasks() {
            return 1;
        }

        @Override
        public void run(int task, int worker) {
            body.run();
        }
    }
}
