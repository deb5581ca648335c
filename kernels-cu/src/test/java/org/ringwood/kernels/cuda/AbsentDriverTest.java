package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;

/** A machine without NVIDIA's driver, in a JVM of its own: this one may have loaded the emulation. */
class AbsentDriverTest {
    @Test
    void autoTakesTheCpuAndCudaIsRefused() throws Exception {
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OpenDevices.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String said = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(program.waitFor()).isZero();
        Assumptions.assumeFalse(said.contains(OpenDevices.HAS_DRIVER), OpenDevices.HAS_DRIVER);
        String reason = "no CUDA device: the NVIDIA driver's library libcuda.so.1 can't be loaded";
        assertThat(said.lines()).containsExactly("cpu: " + reason, reason + "; take device cpu");
    }

    /** The program that is run. */
    static final class OpenDevices {
        static final String HAS_DRIVER = "this machine has an NVIDIA driver";

        private OpenDevices() {}

        public static void main(String[] arguments) {
            if (TestGpu.hasDriver()) {
                System.out.println(HAS_DRIVER);
            }
            try (Device device = Devices.open(Devices.Kind.AUTO, 1)) {
                System.out.println(device.kind() + ": " + device.choice());
            }
            try (Device device = Devices.open(Devices.Kind.CUDA, 1)) {
                System.out.println(device.description());
            } catch (UnsupportedOperationException refused) {
                System.out.println(refused.getMessage());
            }
        }
    }
}
