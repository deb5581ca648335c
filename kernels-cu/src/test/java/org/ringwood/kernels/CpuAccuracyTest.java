package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.scalar.Accuracy;

@Tag("every-vector-width")
class CpuAccuracyTest implements AccuracyContract {
    private static Device cpu = Devices.open(Devices.Kind.SCALAR, 1);
    private static Device scalar = cpu;

    @BeforeAll
    static void open() {
        cpu.close();
        cpu = Devices.open(Devices.Kind.CPU, 2);
        scalar = Devices.open(Devices.Kind.SCALAR, 2);
    }

    @AfterAll
    static void close() {
        cpu.close();
        scalar.close();
    }

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
