package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.scalar.Accuracy;

@Tag("every-vector-width")
class CpuAccuracyTest implements AccuracyContract {
    @AutoClose
    private static final Device cpu = Devices.open(Devices.Kind.CPU, 2);

    @AutoClose
    private static final Device scalar = Devices.open(Devices.Kind.SCALAR, 2);

    @Override
    public Device device() {
        return cpu;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void theScalarProviderIsWithinTheBoundToo(long seed) {
        AttentionCase attention = CaseTable.randomCase(new Random(seed));
        Accuracy accuracy = attention.judge(scalar);
        assertThat(accuracy.holds()).as("%s: %s", attention, accuracy).isTrue();
    }
}
