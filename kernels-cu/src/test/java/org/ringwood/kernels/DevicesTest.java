package org.ringwood.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
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

    @Test
    void aJvmWithoutVectorsIsToldOfItsFlag() throws Exception {
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        OpensTheCpu.class.getName())
                .redirectErrorStream(true)
                .start();
        try {
            String said = new String(jvm.getInputStream().readAllBytes(), UTF_8);
            assertThat(said).contains("UnsupportedOperationException", "--add-modules jdk.incubator.vector");
            assertThat(jvm.waitFor()).isOne();
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** A user's program. */
    static final class OpensTheCpu {
        public static void main(String[] arguments) {
            Devices.open(Devices.Kind.CPU, 1).close();
        }
    }
}
