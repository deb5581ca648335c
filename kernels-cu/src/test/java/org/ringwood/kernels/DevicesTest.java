package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class DevicesTest {
    @Test
    void theCpuHasItsThreads() {
        try (Device device = Devices.open(Devices.Kind.CPU, 3)) {
            assertThat(device.threads()).isEqualTo(3);
            assertThat(device.description()).matches("cpu, (128|256|512)-bit vectors, 3 threads");
            assertThat(device.choice()).isEmpty();
        }
    }

    @Test
    void aDeviceWithoutThreadsIsRefused() {
        assertThatThrownBy(() -> Devices.open(Devices.Kind.CPU, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
