package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.cuda.TestGpu;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.GradientAccuracy;

/** Attention with dropout on a GPU and its gradients, against the oracle. */
class CudaDropoutTest {
    @ParameterizedTest
    @MethodSource("org.ringwood.kernels.DropoutKernelsTest#cases")
    void equalsTheOracle(AttentionCase attention) {
        assertAccurate(attention.withDropout(new Dropout(0.1, 7)));
        assertAccurate(attention.withDropout(new Dropout(0.75, -1, 3)));
    }

    /** The least and the most that a rate drops. */
    @ParameterizedTest
    @EnumSource
    void equalsTheOracleAtTheEndsOfRates(DType dtype) {
        AttentionCase attention =
                AttentionCase.causal(130, 128).withHeads(5, 2).withDimV(70).withDType(dtype);
        assertAccurate(attention.withDropout(new Dropout(0x1p-16, 1)));
        assertAccurate(attention.withDropout(new Dropout(Math.nextDown(1.0), 1)));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void equalsTheOracleInRandomCases(long seed) {
        Random random = new Random(seed);
        Dropout dropout = new Dropout(random.nextDouble(), random.nextLong(), random.nextInt(9));
        assertAccurate(CaseTable.randomCase(random).withDropout(dropout));
    }

    private static void assertAccurate(AttentionCase attention) {
        Device device = TestGpu.device();
        Accuracy accuracy = attention.judge(device);
        assertThat(accuracy.holds()).as("%s: %s", attention, accuracy).isTrue();
        GradientAccuracy gradients = new GradientCase(attention).judgeRounded(device);
        assertThat(gradients.holds()).as("%s: %s", attention, gradients).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 90})
    void everyWeightIsDroppedByItsPlaceInTheWhole(int queries) {
        DropoutKernelsTest.assertEveryWeightIsDroppedByItsPlace(TestGpu.device(), queries);
    }
}
