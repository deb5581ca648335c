package org.ringwood.examples.trainer;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.AttentionProblem;
import org.ringwood.kernels.scalar.GradientAccuracy;
import org.ringwood.kernels.scalar.GradientProblem;

/**
 * The kernels of the CPU, and the f64 oracle that judges them everywhere else, beside PyTorch's autograd in f64, over random shapes of every
 * kind of mask.
 */
class TorchAutogradTest {
    private static final int CASES = 8;

    /** What sums of a few hundred products in f64 may differ by, whose order PyTorch chooses. */
    private static final double F64 = 1e-11;

    @AutoClose
    private final TorchAutograd torch = new TorchAutograd();

    @AutoClose
    private final Device cpu = Devices.open(Devices.Kind.CPU, 2);

    /** What the kernels gave. */
    private record Results(Tensor out, Tensor lse, Tensor dQueries, Tensor dKeys, Tensor dValues) {}

    @ParameterizedTest
    @EnumSource
    void equalsPyTorchWithEveryMask(Kind kind) throws Exception {
        for (long i = 0; i < CASES; i++) {
            long seed = kind.name().hashCode() + i;
            try (Arena arena = Arena.ofShared()) {
                RandomAttention attention = RandomAttention.of(kind, new Random(seed), arena);
                assertEqual(attention, attend(attention, arena), "seed " + seed + ": " + attention);
            }
        }
    }

    private void assertEqual(RandomAttention attention, Results results, String what) {
        var problem = new AttentionProblem(
                attention.queries(),
                attention.keys(),
                attention.values(),
                attention.slices(),
                attention.scale(),
                attention.softcap());
        TorchAutograd.Results expected = torch.attend(
                attention.queries(),
                attention.keys(),
                attention.values(),
                attention.outGradients(),
                attention.slices(),
                attention.scale(),
                attention.softcap());
        assertOracleAgrees(attention, problem, expected, what);

        Accuracy accuracy = problem.judge(results.out, results.lse);
        assertThat(accuracy.holds()).as("%s: %s", what, accuracy).isTrue();
        assertThat(distance(results.out, expected.out())).as(what).isLessThanOrEqualTo(accuracy.outBound() + F64);
        GradientAccuracy gradients = new GradientProblem(problem, attention.outGradients())
                .judge(results.dQueries, results.dKeys, results.dValues);
        assertWithin(results.dQueries, expected.queryGradients(), gradients.queries(), "queries, " + what);
        assertWithin(results.dKeys, expected.keyGradients(), gradients.keys(), "keys, " + what);
        assertWithin(results.dValues, expected.valueGradients(), gradients.values(), "values, " + what);
    }

    /** The oracle's outputs and log-sum-exps; its gradients are what the distances of {@link #assertWithin} agree in. */
    private static void assertOracleAgrees(
            RandomAttention attention, AttentionProblem problem, TorchAutograd.Results expected, String what) {
        int dimV = attention.values().dim();
        int heads = attention.queries().heads();
        for (int row = 0; row < attention.queries().tokens(); row++) {
            for (int head = 0; head < heads; head++) {
                var exact = problem.oracle(row, head).exact();
                int place = row * heads + head;
                for (int i = 0; i < dimV; i++) {
                    assertThat(Math.abs(exact.out()[i] - expected.out()[place * dimV + i]))
                            .as(what)
                            .isLessThanOrEqualTo(F64);
                }
                if (exact.lse() != Double.NEGATIVE_INFINITY) {
                    assertThat(Math.abs(exact.lse() - expected.lse()[place]))
                            .as(what)
                            .isLessThanOrEqualTo(F64);
                }
            }
        }
    }

    /** The kernels' distance from PyTorch is that from the oracle, and so within the bounds of the project's contract. */
    private static void assertWithin(
            Tensor actual, double[] expected, GradientAccuracy.Distance fromOracle, String what) {
        double fromTorch = distance(actual, expected);
        assertThat(fromTorch).as(what).isLessThanOrEqualTo(fromOracle.bound() + F64);
        assertThat(Math.abs(fromTorch - fromOracle.error())).as(what).isLessThanOrEqualTo(F64);
    }

    private static double distance(Tensor actual, double[] expected) {
        int dim = actual.dim();
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            float element = actual.get(i / dim / actual.heads(), i / dim % actual.heads(), i % dim);
            largest = Math.max(largest, Math.abs(element - expected[i]));
        }
        return largest;
    }

    private Results attend(RandomAttention attention, Arena arena) throws Exception {
        Tensor q = attention.queries();
        Tensor k = attention.keys();
        Tensor v = attention.values();
        var state = new SoftmaxState(
                arena.allocate(SoftmaxState.bytes(q.tokens(), q.heads(), v.dim()), 64), q.tokens(), q.heads(), v.dim());
        Tensor out = RandomAttention.zeros(arena, q.dtype(), q.tokens(), q.heads(), v.dim());
        Tensor lse = RandomAttention.zeros(arena, DType.F32, q.tokens(), q.heads(), 1);
        Tensor delta = RandomAttention.zeros(arena, DType.F32, q.tokens(), q.heads(), 1);
        Tensor dQueries = RandomAttention.zeros(arena, DType.F32, q.tokens(), q.heads(), q.dim());
        Tensor dKeys = RandomAttention.zeros(arena, DType.F32, k.tokens(), k.heads(), k.dim());
        Tensor dValues = RandomAttention.zeros(arena, DType.F32, v.tokens(), v.heads(), v.dim());
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
                                lse,
                                delta,
                                attention.outGradients(),
                                dQueries,
                                dKeys,
                                dValues,
                                Cancellation.NEVER)))) {
            call.get();
        }
        return new Results(out, lse, dQueries, dKeys, dValues);
    }
}
