package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SpaceTest {
    /** In a JVM of its own, since this one has native access. */
    @Test
    void deniedNativeAccessIsOneSentence() throws Exception {
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--illegal-native-access=deny",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Address.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(program.waitFor()).isZero();
        assertThat(said.lines())
                .singleElement()
                .asString()
                .startsWith("memory of a device can't be addressed (")
                .endsWith("); start the JVM with --enable-native-access=ALL-UNNAMED");
    }

    /** The program that is run. */
    static final class Address {
        private Address() {}

        public static void main(String[] arguments) {
            try {
                System.out.println(Space.onDevice(256, 1));
            } catch (UnsupportedOperationException denied) {
                System.out.println(denied.getMessage());
            }
        }
    }
}
