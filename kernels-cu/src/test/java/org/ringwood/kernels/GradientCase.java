package org.ringwood.kernels;

import java.lang.foreign.Arena;
import java.util.Random;
import org.ringwood.kernels.scalar.GradientAccuracy;
import org.ringwood.kernels.scalar.GradientProblem;

/** The gradients of an {@link AttentionCase} under random gradients of its output, to be computed on a device and judged by the oracle. */
public record GradientCase(AttentionCase attention) {
    /** Computes output and gradients on a device, the keys in two pieces, and judges every element of the sums. */
    public GradientAccuracy judge(Device device) {
        try (Arena arena = Arena.ofShared()) {
            Tensors tensors = attended(arena, device);
            return tensors.problem().judge(tensors.queryGradients, tensors.keyGradients, tensors.valueGradients);
        }
    }

    /** The same of gradients that are rounded to the operands' dtype, for kernels that round as much on the way. */
    public GradientAccuracy judgeRounded(Device device) {
        try (Arena arena = Arena.ofShared()) {
            Tensors tensors = attended(arena, device);
            return tensors.problem()
                    .judge(
                            rounded(arena, device, tensors.queryGradients),
                            rounded(arena, device, tensors.keyGradients),
                            rounded(arena, device, tensors.valueGradients));
        }
    }

    private Tensors attended(Arena arena, Device device) {
        Tensors tensors = tensors(arena, device);
        long cut = attention.keys() / 3;
        tensors.attend(device, cut, attention.keys());
        tensors.attend(device, 0, cut);
        return tensors;
    }

    private Tensor rounded(Arena arena, Device device, Tensor sums) {
        Tensor rounded = attention.layout().allocate(arena, attention.dtype(), sums.tokens(), sums.heads(), sums.dim());
        AttentionCase.await(device.gradients().round(sums, rounded));
        return rounded;
    }

    /** Everything up to the gradients, which are 0. */
    public Tensors tensors(Arena arena, Device device) {
        AttentionCase.Tensors operands = attention.tensors(arena);
        SoftmaxState state = operands.newState(arena, device);
        AttentionCase.await(device.kernels().attend(operands.call(state)));
        AttentionCase.Result result = operands.finish(arena, device, state);
        Tensor outGradients = attention
                .layout()
                .random(
                        arena,
                        attention.dtype(),
                        attention.queries(),
                        attention.heads(),
                        attention.dimV(),
                        1,
                        new Random(attention.seed() + 1));
        Tensor delta = Layout.DENSE.allocate(arena, DType.F32, attention.queries(), attention.heads(), 1);
        AttentionCase.await(device.gradients().delta(result.out(), outGradients, delta));
        return new Tensors(
                operands,
                result.lse(),
                delta,
                outGradients,
                zeros(arena, operands.queries()),
                zeros(arena, operands.keys()),
                zeros(arena, operands.values()));
    }

    private Tensor zeros(Arena arena, Tensor like) {
        Tensor tensor = attention.layout().allocate(arena, DType.F32, like.tokens(), like.heads(), like.dim());
        float[] zeros = new float[like.dim()];
        for (long row = 0; row < like.tokens(); row++) {
            for (int head = 0; head < like.heads(); head++) {
                tensor.write(row, head, zeros, 0);
            }
        }
        return tensor;
    }

    /** The tensors of a case. */
    public record Tensors(
            AttentionCase.Tensors operands,
            Tensor lse,
            Tensor delta,
            Tensor outGradients,
            Tensor queryGradients,
            Tensor keyGradients,
            Tensor valueGradients) {
        /** For the oracle. */
        public GradientProblem problem() {
            return new GradientProblem(operands.problem(), outGradients);
        }

        /** Adds the gradients of the keys {@code [from, to)}. */
        public void attend(Device device, long from, long to) {
            AttentionCase.await(device.gradients().attend(call(from, to, Cancellation.NEVER)));
        }

        /** The gradients of the keys {@code [from, to)} as a call. */
        public GradientCall call(long from, long to, Cancellation cancellation) {
            AttentionCase of = operands.of();
            return new GradientCall(
                    operands.queries(),
                    operands.keys().rows(from, to),
                    operands.values().rows(from, to),
                    Positions.range(0, of.queries()),
                    Positions.range(from, to),
                    of.slices(),
                    operands.scale(),
                    of.softcap(),
                    of.dropout(),
                    lse,
                    delta,
                    outGradients,
                    queryGradients,
                    keyGradients.rows(from, to),
                    valueGradients.rows(from, to),
                    cancellation);
        }
    }
}
