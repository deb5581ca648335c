package org.ringwood.kernels.scalar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.ringwood.kernels.DType;

/** The judge itself: known answers, and that wrong results do not pass. */
class AccuracyTest {
    private static Oracle twoKeys() {
        Oracle oracle = new Oracle(new float[] {1, 2}, 2, 0.5f, 0);
        oracle.add(new float[] {2, 0}, new float[] {1, 10});
        oracle.add(new float[] {0, 2}, new float[] {3, 20});
        return oracle;
    }

    @Test
    void twoKeysAreWeightedByTheirExponentials() {
        // Scores 1 and 2.
        double weight = 1 / (1 + Math.E);
        ExactRow exact = twoKeys().exact();
        assertThat(exact.out()[0]).isEqualTo(weight + 3 * (1 - weight), org.assertj.core.data.Offset.offset(1e-15));
        assertThat(exact.out()[1])
                .isEqualTo(10 * weight + 20 * (1 - weight), org.assertj.core.data.Offset.offset(1e-14));
        assertThat(exact.lse())
                .isEqualTo(Math.log(Math.E + Math.E * Math.E), org.assertj.core.data.Offset.offset(1e-15));
    }

    @Test
    void softcapBoundsTheScores() {
        ExactRow row = new ExactRow(new float[] {1000}, 1, 1, 5);
        row.add(new float[] {1}, new float[] {7});
        assertThat(row.max()).isEqualTo(5);
        assertThat(row.lse()).isEqualTo(5);
    }

    @Test
    void aRowWithoutKeysIsZero() {
        Oracle oracle = new Oracle(new float[] {1}, 2, 1, 0);
        assertThat(oracle.exact().out()).containsExactly(0, 0);
        assertThat(oracle.exact().lse()).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(oracle.judge(DType.F32, new float[] {0, 0}, Float.NEGATIVE_INFINITY)
                        .holds())
                .isTrue();
        assertThat(oracle.judge(DType.F32, new float[] {0, 0}, -100).holds()).isFalse();
        assertThat(oracle.judge(DType.F32, new float[] {0, 1e-3f}, Float.NEGATIVE_INFINITY)
                        .holds())
                .isFalse();
    }

    @Test
    void rightResultsPassAndWrongOnesDoNot() {
        Oracle oracle = twoKeys();
        double[] out = oracle.exact().out();
        float lse = (float) oracle.exact().lse();
        float[] right = {(float) out[0], (float) out[1]};
        assertThat(oracle.judge(DType.F32, right, lse).holds()).isTrue();
        assertThat(oracle.judge(DType.F32, new float[] {right[0], right[1] + 1e-4f}, lse)
                        .holds())
                .isFalse();
        assertThat(oracle.judge(DType.F32, right, lse + 1e-5f).holds()).isFalse();
        assertThat(oracle.judge(DType.F32, new float[] {right[0], Float.NaN}, lse)
                        .holds())
                .isFalse();
        assertThat(oracle.judge(DType.F32, right, Float.NaN).holds()).isFalse();
    }

    @Test
    void aRowThatOverflowsInF32DoesNotExcuseAnother() {
        // The score is 1000, but q · k leaves f32 on the way.
        Oracle overflowing = new Oracle(new float[] {1e20f}, 1, 1e-37f, 0);
        overflowing.add(new float[] {1e20f}, new float[] {1});
        float large = (float) overflowing.exact().lse();
        Accuracy right = overflowing.judge(DType.F32, new float[] {1}, large);
        assertThat(right.holds()).isTrue();

        float lse = (float) twoKeys().exact().lse();
        float[] out = {
            (float) twoKeys().exact().out()[0], (float) twoKeys().exact().out()[1]
        };
        float[] wrong = {out[0] + 0.01f, out[1]};
        assertThat(right.and(twoKeys().judge(DType.F32, out, lse)).holds()).isTrue();
        assertThat(right.and(twoKeys().judge(DType.F32, wrong, lse)).holds()).isFalse();
        assertThat(right.and(twoKeys().judge(DType.F32, out, lse + 0.01f)).holds())
                .isFalse();

        assertThat(overflowing.judge(DType.F32, new float[] {Float.NaN}, large).holds())
                .isFalse();
        assertThat(overflowing
                        .judge(DType.F32, new float[] {1}, Float.POSITIVE_INFINITY)
                        .holds())
                .isFalse();
    }

    @Test
    void whereTheTruthIsNotFiniteOnlyTheSameAgrees() {
        Oracle oracle = new Oracle(new float[] {0}, 2, 1, 0);
        oracle.add(new float[] {0}, new float[] {Float.POSITIVE_INFINITY, Float.NaN});
        assertThat(judge(oracle, Float.POSITIVE_INFINITY, Float.NaN)).isTrue();
        assertThat(judge(oracle, Float.NEGATIVE_INFINITY, Float.NaN)).isFalse();
        assertThat(judge(oracle, Float.MAX_VALUE, Float.NaN)).isFalse();
        assertThat(judge(oracle, Float.NaN, Float.NaN)).isFalse();
        assertThat(judge(oracle, Float.POSITIVE_INFINITY, 0)).isFalse();
    }

    private static boolean judge(Oracle oracle, float... out) {
        return oracle.judge(DType.F32, out, 0).holds();
    }

    @Test
    void coarserOutputsHaveWiderBounds() {
        Oracle oracle = twoKeys();
        double[] out = oracle.exact().out();
        float lse = (float) oracle.exact().lse();
        float[] rounded = {(float) out[0], (float) (out[1] * (1 + 0x1p-8))};
        assertThat(oracle.judge(DType.BF16, rounded, lse).holds()).isTrue();
        assertThat(oracle.judge(DType.F16, rounded, lse).holds()).isFalse();
    }

    @Test
    void judgementsTogetherAreTheWorstOfBoth() {
        Accuracy a = new Accuracy(DType.F32, 2, 1, 2, 3, 4, 5, 6);
        Accuracy b = new Accuracy(DType.F32, 3, 6, 5, 4, 3, 2, 1);
        assertThat(a.and(b)).isEqualTo(new Accuracy(DType.F32, 5, 6, 5, 4, 4, 5, 6));
        assertThat(a.and(Accuracy.none(DType.F32))).isEqualTo(a);
        assertThatThrownBy(() -> a.and(Accuracy.none(DType.F16))).isInstanceOf(IllegalArgumentException.class);
    }
}
