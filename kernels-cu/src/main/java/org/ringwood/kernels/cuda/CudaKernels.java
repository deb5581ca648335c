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
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.cuda.driver.Driver;

/** The kernels on tensors in either space: a call copies what the host has to the device, and what it wrote of that back. */
final class CudaKernels implements AttentionKernels {
    private static final int THREADS = 256;
    /** Records of a block of the kernels of states, and most of its blocks: each goes on until no record is left. */
    private static final int RECORDS_PER_BLOCK = 32;

    private static final int MOST_BLOCKS = 4096;

    private static final long COPIED_PER_POLL = 1 << 10;

    private final CallQueue queue;
    private final Gpu gpu;

    CudaKernels(CallQueue queue, Gpu gpu) {
        this.queue = queue;
        this.gpu = gpu;
    }

    @Override
    public Future<?> attend(AttentionCall call) {
        String what = "attention of queries " + call.queries().shape() + " to keys "
                + call.keys().shape() + " and values " + call.values().shape();
        return queue.submit(what, () -> new Attend(gpu, call, () -> poll(call)).run());
    }

    private void poll(AttentionCall call) {
        requireOpen();
        if (call.cancellation().requested()) {
            throw new CancellationException("attention was cancelled");
        }
    }

    private void requireOpen() {
        if (queue.isClosed()) {
            throw new CancellationException("the device was closed");
        }
    }

    @Override
    public Future<?> clear(SoftmaxState state) {
        return queue.submit("the clearing of states " + shape(state), () -> {
            if (state.space() == Space.HOST) {
                clearOnHost(state);
                return;
            }
            try (Arena arena = Arena.ofConfined()) {
                eachRecord(
                        gpu.modules().state("state_clear"),
                        state,
                        Arguments.of(arena, state.memory().address()),
                        Arguments.of(arena, records(state)),
                        Arguments.of(arena, state.dimV()));
            }
        });
    }

    private static void clearOnHost(SoftmaxState state) {
        state.memory().fill((byte) 0);
        for (long row = 0; row < state.rows(); row++) {
            for (int head = 0; head < state.heads(); head++) {
                state.set(row, head, Float.NEGATIVE_INFINITY, 0);
            }
        }
    }

    @Override
    public Future<?> merge(SoftmaxState into, SoftmaxState from) {
        KernelShapes.requireSame(into, from);
        return queue.submit("the merge of states " + shape(into), () -> {
            try (Arena arena = Arena.ofConfined();
                    Operands operands = new Operands(gpu)) {
                SoftmaxState target = operands.read(into);
                SoftmaxState source = operands.read(from);
                eachRecord(
                        gpu.modules().state("state_merge"),
                        into,
                        Arguments.of(arena, target.memory().address()),
                        Arguments.of(arena, source.memory().address()),
                        Arguments.of(arena, records(into)),
                        Arguments.of(arena, into.dimV()));
                operands.write(target, into);
            }
        });
    }

    @Override
    public Future<?> sink(SoftmaxState into, float[] logits) {
        KernelShapes.requireSinks(into, logits);
        return queue.submit("sinks in states " + shape(into), () -> {
            try (Arena arena = Arena.ofConfined();
                    Operands operands = new Operands(gpu)) {
                SoftmaxState target = operands.read(into);
                Tensor scores =
                        operands.read(Tensor.dense(MemorySegment.ofArray(logits), DType.F32, 1, logits.length, 1));
                eachRecord(
                        gpu.modules().state("state_sink"),
                        into,
                        Arguments.of(arena, target.memory().address()),
                        Arguments.of(arena, scores.memory().address()),
                        Arguments.of(arena, records(into)),
                        Arguments.of(arena, into.heads()),
                        Arguments.of(arena, into.dimV()));
                operands.write(target, into);
            }
        });
    }

    @Override
    public Future<?> finish(SoftmaxState state, Tensor out, Tensor lse) {
        KernelShapes.requireFinish(state, out, lse);
        return queue.submit("the output " + out.shape() + " of states " + shape(state), () -> {
            try (Arena arena = Arena.ofConfined();
                    Operands operands = new Operands(gpu)) {
                SoftmaxState source = operands.read(state);
                Tensor target = operands.place(out);
                Tensor targetLse = operands.place(lse);
                eachRecord(
                        gpu.modules().state("state_finish_" + KernelModules.suffix(out.dtype())),
                        state,
                        Arguments.of(arena, source.memory().address()),
                        Arguments.view(arena, DeviceView.of(target)),
                        Arguments.view(arena, DeviceView.of(targetLse)),
                        Arguments.of(arena, state.rows()),
                        Arguments.of(arena, state.heads()),
                        Arguments.of(arena, state.dimV()));
                operands.write(target, out);
                operands.write(targetLse, lse);
            }
        });
    }

    @Override
    public Future<?> copy(Tensor from, Tensor to) {
        KernelShapes.requireSame(from, to);
        return queue.submit("a copy of " + from.shape(), () -> {
            switch (from.space()) {
                case HOST -> copyFromHost(from, to);
                case DEVICE -> copyFromDevice(from, to);
            }
        });
    }

    private void copyFromHost(Tensor from, Tensor to) {
        if (to.space() == Space.DEVICE) {
            gpu.copies().upload(from, to);
            return;
        }
        for (long row = 0; row < from.tokens(); row++) {
            if (row % COPIED_PER_POLL == 0) {
                requireOpen();
            }
            for (int head = 0; head < from.heads(); head++) {
                from.copyHead(row, head, to);
            }
        }
    }

    private void copyFromDevice(Tensor from, Tensor to) {
        if (to.space() == Space.DEVICE) {
            gpu.copies().copy(from, to);
        } else {
            gpu.copies().download(from, to);
        }
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
}
