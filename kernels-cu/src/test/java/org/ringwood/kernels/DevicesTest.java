package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class DevicesTest {
    @Test
    void autoIsTheCpuWithItsThreads() {
        try (Device device = Devices.open(Devices.Kind.AUTO, 3)) {
            assertThat(device.threads()).isEqualTo(3);
            assertThat(device.description()).matches("cpu, (128|256|512)-bit vectors, 3 threads");
        }
    }

    @Test
    void cudaIsRefusedWithAReasonAndARemedy() {
        assertThatThrownBy(() -> Devices.open(Devices.Kind.CUDA, 1))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("CUDA kernels are not in this version")
                .hasMessageEndingWith("take device cpu");
    }

    @Test
    void aDeviceWithoutThreadsIsRefused() {
        assertThatThrownBy(() -> Devices.open(Devices.Kind.CPU, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
