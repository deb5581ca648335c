package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.scalar.GradientAccuracy;

/** What every provider of gradients has to hold: they equal those of the f64 oracle under the project's error bound. */
interface GradientContract {
    /** The device with the provider's kernels. */
    Device device();

    /** Computes a case on the device, and judges it. */
    default GradientAccuracy judge(GradientCase gradients) {
        return gradients.judge(device());
    }

    /** Requires that a case is within its bound. */
    default void assertAccurate(AttentionCase attention) {
        GradientAccuracy accuracy = judge(new GradientCase(attention));
        assertThat(accuracy.holds()).as("%s: %s", attention, accuracy).isTrue();
    }

    @ParameterizedTest
    @MethodSource("org.ringwood.kernels.AccuracyContract#sizes")
    default void awkwardSizes(AttentionCase attention) {
        assertAccurate(attention);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 16, 33, 80, 128, 129, 255, 256})
    default void headDims(int dim) {
        assertAccurate(AttentionCase.causal(150, dim));
        assertAccurate(AttentionCase.causal(150, 257 - dim).withDimV(dim));
    }

    @ParameterizedTest
    @EnumSource
    default void dtypesInEveryLayout(DType dtype) {
        for (Layout layout : Layout.values()) {
            assertAccurate(AttentionCase.causal(207, 24)
                    .withHeads(4, 2)
                    .withDimV(13)
                    .withDType(dtype)
                    .withLayout(layout));
        }
    }

    @ParameterizedTest
    @MethodSource("org.ringwood.kernels.AccuracyContract#headRatios")
    default void headRatios(int[] heads) {
        assertAccurate(AttentionCase.causal(130, 32).withHeads(heads[0], heads[1]));
        assertAccurate(AttentionCase.full(1, 300, 32).withHeads(heads[0], heads[1]));
    }

    @ParameterizedTest
    @ValueSource(floats = {0.5f, 5, 50})
    default void softcaps(float softcap) {
        assertAccurate(AttentionCase.causal(207, 64).withSoftcap(softcap));
        assertAccurate(AttentionCase.causal(207, 64).withSoftcap(softcap).withDeviation(8));
    }

    @ParameterizedTest
    @ValueSource(floats = {0.01f, 3, 10})
    default void scoresOfEveryMagnitude(float deviation) {
        assertAccurate(AttentionCase.causal(300, 64).withDeviation(deviation));
    }

    @ParameterizedTest
    @MethodSource("org.ringwood.kernels.AccuracyContract#masks")
    default void masksOfEveryKind(List<Slice> slices) {
        assertAccurate(AttentionCase.full(400, 400, 20).withSlices(slices));
        assertAccurate(AttentionCase.full(400, 400, 20).withSlices(slices).withHeads(3, 1));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    default void randomCases(long seed) {
        assertAccurate(AccuracyContract.randomCase(new Random(seed)));
    }
}
