package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.GradientKernels;
import org.ringwood.kernels.KernelShapes;
import org.ringwood.kernels.Tensor;

/** The kernels of gradients on tensors in either space, as {@link CudaKernels}. */
final class CudaGradients implements GradientKernels {
    private static final int THREADS = 256;
    /** Heads of rows of a block, and most of its blocks: each goes on until none is left. */
    private static final int HEADS_PER_BLOCK = 32;

    private static final int MOST_BLOCKS = 4096;

    private final CallQueue queue;
    private final Gpu gpu;

    CudaGradients(CallQueue queue, Gpu gpu) {
        this.queue = queue;
        this.gpu = gpu;
    }

    @Override
    public Future<?> attend(GradientCall call) {
        String what = "gradients of queries " + call.queries().shape() + ", keys "
                + call.keys().shape() + " and values " + call.values().shape();
        return queue.submit(what, () -> new Gradients(gpu, call, () -> poll(call)).run());
    }

    private void poll(GradientCall call) {
        if (queue.isClosed() || call.cancellation().requested()) {
            throw new CancellationException("gradients were cancelled");
        }
    }

    @Override
    public Future<?> delta(Tensor out, Tensor outGradients, Tensor delta) {
        KernelShapes.requireDelta(out, outGradients, delta);
        return queue.submit("delta of outputs " + out.shape(), () -> {
            try (Operands operands = new Operands(gpu)) {
                Tensor target = operands.place(delta);
                eachHead(
                        "delta_" + KernelModules.suffix(out.dtype()),
                        operands.read(out),
                        operands.read(outGradients),
                        target);
                operands.write(target, delta);
            }
        });
    }

    @Override
    public Future<?> clear(Tensor sums) {
        KernelShapes.requireSums(sums);
        return queue.submit("the clearing of sums " + sums.shape(), () -> {
            try (Operands operands = new Operands(gpu)) {
                Tensor target = operands.place(sums);
                eachHead("clear", target);
                operands.write(target, sums);
            }
        });
    }

    @Override
    public Future<?> add(Tensor from, Tensor into) {
        KernelShapes.requireSums(from, into);
        return queue.submit("the addition of sums " + from.shape(), () -> {
            try (Operands operands = new Operands(gpu)) {
                Tensor target = operands.read(into);
                eachHead("add", operands.read(from), target);
                operands.write(target, into);
            }
        });
    }

    @Override
    public Future<?> round(Tensor from, Tensor to) {
        KernelShapes.requireRounding(from, to);
        return queue.submit("the rounding of sums " + from.shape(), () -> {
            try (Operands operands = new Operands(gpu)) {
                Tensor target = operands.place(to);
                eachHead("round_" + KernelModules.suffix(to.dtype()), operands.read(from), target);
                operands.write(target, to);
            }
        });
    }

    /** Launches a kernel of gradients.cu on tensors of as many rows and heads; what is a head's length is that of the first. */
    private void eachHead(String kernel, Tensor... tensors) {
        Tensor first = tensors[0];
        long heads = first.tokens() * first.heads();
        int blocks = (int) Math.min(MOST_BLOCKS, Math.ceilDiv(heads, HEADS_PER_BLOCK));
        if (blocks == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] views = Stream.of(tensors)
                    .map(tensor -> Arguments.view(arena, DeviceView.of(tensor)))
                    .toArray(MemorySegment[]::new);
            MemorySegment[] sizes = {
                Arguments.of(arena, first.tokens()),
                Arguments.of(arena, first.heads()),
                Arguments.of(arena, first.dim())
            };
            gpu.launch(
                    gpu.modules().gradientEnds(kernel),
                    blocks,
                    THREADS,
                    Stream.concat(Stream.of(views), Stream.of(sizes)).toArray(MemorySegment[]::new));
        }
    }
}
