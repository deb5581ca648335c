package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.scalar.GradientAccuracy;

/** What every provider of gradients has to hold: they equal those of the f64 oracle under the project's error bound. */
interface GradientContract extends CaseTable {
    /** The device with the provider's kernels. */
    Device device();

    /** Computes a case on the device, and judges it. */
    default GradientAccuracy judge(GradientCase gradients) {
        return gradients.judge(device());
    }

    @Override
    default void assertAccurate(AttentionCase attention) {
        GradientAccuracy accuracy = judge(new GradientCase(attention));
        assertThat(accuracy.holds()).as("%s: %s", attention, accuracy).isTrue();
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
    @ValueSource(floats = {0.01f, 3, 10})
    default void scoresOfEveryMagnitude(float deviation) {
        assertAccurate(AttentionCase.causal(300, 64).withDeviation(deviation));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    default void randomCases(long seed) {
        assertAccurate(CaseTable.randomCase(new Random(seed)));
    }
}
