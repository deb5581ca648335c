package org.ringwood.examples.trainer;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ringwood.examples.trainer.RandomAttention.Kind;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/**
 * The kernels of the CPU, and the f64 oracle that judges them everywhere else, beside PyTorch's autograd in f64, over random shapes of every
 * kind of mask, with and without dropout.
 */
class TorchAutogradTest {
    private static final int CASES = 8;

    @AutoClose
    private final TorchAutograd torch = new TorchAutograd();

    @AutoClose
    private final Device cpu = Devices.open(Devices.Kind.CPU, 2);

    @ParameterizedTest
    @EnumSource
    void equalsPyTorchWithEveryMask(Kind kind) throws Exception {
        for (long i = 0; i < CASES; i++) {
            long seed = kind.name().hashCode() + i;
            try (Arena arena = Arena.ofShared()) {
                RandomAttention attention = RandomAttention.of(kind, new Random(seed), arena);
                attend(attention, arena).assertEqual(attention, torch, "seed " + seed + ": " + attention);
            }
        }
    }

    private AttentionResults attend(RandomAttention attention, Arena arena) throws Exception {
        Tensor q = attention.queries();
        Tensor k = attention.keys();
        Tensor v = attention.values();
        var state = new SoftmaxState(
                arena.allocate(SoftmaxState.bytes(q.tokens(), q.heads(), v.dim()), 64), q.tokens(), q.heads(), v.dim());
        Tensor out = Tensor.allocate(arena, q.dtype(), q.tokens(), q.heads(), v.dim());
        Tensor lse = Tensor.allocate(arena, DType.F32, q.tokens(), q.heads(), 1);
        Tensor delta = Tensor.allocate(arena, DType.F32, q.tokens(), q.heads(), 1);
        Tensor dQueries = Tensor.allocate(arena, DType.F32, q.tokens(), q.heads(), q.dim());
        Tensor dKeys = Tensor.allocate(arena, DType.F32, k.tokens(), k.heads(), k.dim());
        Tensor dValues = Tensor.allocate(arena, DType.F32, v.tokens(), v.heads(), v.dim());
        Positions rows = Positions.range(0, q.tokens());
        Positions keys = Positions.range(0, k.tokens());
        for (Future<?> call : List.of(
                cpu.kernels().clear(state),
                cpu.kernels()
                        .attend(new AttentionCall(
                                q,
                                k,
                                v,
                                rows,
                                keys,
                                attention.slices(),
                                attention.scale(),
                                attention.softcap(),
                                attention.dropout(),
                                state,
                                Cancellation.NEVER)),
                cpu.kernels().finish(state, out, lse),
                cpu.gradients().delta(out, attention.outGradients(), delta),
                cpu.gradients()
                        .attend(new GradientCall(
                                q,
                                k,
                                v,
                                rows,
                                keys,
                                attention.slices(),
                                attention.scale(),
                                attention.softcap(),
                                attention.dropout(),
                                lse,
                                delta,
                                attention.outGradients(),
                                dQueries,
                                dKeys,
                                dValues,
                                Cancellation.NEVER)))) {
            call.get();
        }
        return new AttentionResults(out, lse, dQueries, dKeys, dValues);
    }
}
