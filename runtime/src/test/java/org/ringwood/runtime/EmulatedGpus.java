package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** The emulation of a GPU, for whole jobs: each process that has its environment has one of its own. */
final class EmulatedGpus {
    private static final Path SCRIPT = Path.of("..", "kernels-cu", "src", "test", "cuda", "emulation", "build");
    private static final Path EMULATION =
            Path.of("..", "kernels-cu", "target", "emulation").toAbsolutePath().normalize();

    private EmulatedGpus() {}

    /** Builds it where it is not up to date; the test is skipped where it can't be built. */
    static void build() throws IOException, InterruptedException {
        Process build = new ProcessBuilder(SCRIPT.toString(), EMULATION.toString())
                .inheritIO()
                .start();
        int status = build.waitFor();
        Assumptions.assumeFalse(status == 3, "the emulation of a GPU can't be built here: it needs g++ on x86-64");
        assertThat(status).isZero();
    }

    static Map<String, String> environment() {
        return Map.of(
                "LD_LIBRARY_PATH",
                EMULATION.toString(),
                "JAVA_TOOL_OPTIONS",
                "-Dorg.ringwood.kernels.cuda.images=" + EMULATION,
                "RINGWOOD_EMULATED",
                "the GPUs");
    }
}
