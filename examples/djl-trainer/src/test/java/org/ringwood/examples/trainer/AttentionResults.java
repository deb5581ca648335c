package org.ringwood.examples.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.AttentionProblem;
import org.ringwood.kernels.scalar.GradientAccuracy;
import org.ringwood.kernels.scalar.GradientProblem;

/** What Ringwood made of an attention, whole and in natural order. */
record AttentionResults(Tensor out, Tensor lse, Tensor dQueries, Tensor dKeys, Tensor dValues) {
    /** What sums of a few hundred products in f64 may differ by, whose order PyTorch chooses. */
    private static final double F64 = 1e-11;

    /** All are PyTorch's within the project's bounds, and the oracle that these come from is PyTorch's in f64. */
    void assertEqual(RandomAttention attention, TorchAutograd torch, String what) {
        var problem = new AttentionProblem(
                attention.queries(),
                attention.keys(),
                attention.values(),
                attention.slices(),
                attention.scale(),
                attention.softcap(),
                attention.dropout());
        TorchAutograd.Results expected = torch.attend(attention);
        assertOracleAgrees(attention, problem, expected, what);

        Accuracy accuracy = problem.judge(out, lse);
        assertThat(accuracy.holds()).as("%s: %s", what, accuracy).isTrue();
        assertThat(distance(out, expected.out())).as(what).isLessThanOrEqualTo(accuracy.outBound() + F64);
        GradientAccuracy gradients =
                new GradientProblem(problem, attention.outGradients()).judge(dQueries, dKeys, dValues);
        assertWithin(dQueries, expected.queryGradients(), gradients.queries(), "queries, " + what);
        assertWithin(dKeys, expected.keyGradients(), gradients.keys(), "keys, " + what);
        assertWithin(dValues, expected.valueGradients(), gradients.values(), "values, " + what);
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
}
