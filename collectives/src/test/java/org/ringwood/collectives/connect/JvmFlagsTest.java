package org.ringwood.collectives.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.ProcessGroups;

/** A program that is started without the flags is told so. */
class JvmFlagsTest {
    /** Tries to make a group of itself alone. */
    static final class Joining {
        private Joining() {}

        public static void main(String[] args) {
            InetSocketAddress free = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            try {
                ProcessGroups.connect(0, List.of(free), "token").close();
                System.out.println("joined");
            } catch (UnsupportedOperationException refused) {
                System.out.println(refused.getMessage());
            }
        }
    }

    private static String join(String... flags) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1");
        builder.command().addAll(List.of(flags));
        builder.command().addAll(List.of("-cp", System.getProperty("java.class.path"), Joining.class.getName()));
        Process joining = builder.redirectError(Redirect.DISCARD).start();
        try {
            joining.waitFor();
            return new String(joining.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } finally {
            joining.destroyForcibly();
        }
    }

    @Test
    void oneSentenceNamesTheFlagsThatAreMissing() throws Exception {
        assertThat(join())
                .isEqualTo("this JVM was started without the flags that Ringwood needs: start it with those of"
                        + " cluster-configs/ringwood.args, java @ringwood.args, of which --add-opens"
                        + " java.base/jdk.internal.misc=ALL-UNNAMED is missing");
        assertThat(join("--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED")).isEqualTo("joined");
    }
}
