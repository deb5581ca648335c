package org.ringwood.kernels.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What {@code src/test/cuda/emulation/build} makes in a folder: the emulated driver with the kernels, and the program {@code check}. */
record EmulatedKernels(Path folder) {
    private static final Path SCRIPT = Path.of("src", "test", "cuda", "emulation", "build");
    private static final long MINUTES = 10;

    /** How a program ended, and what it wrote. */
    record Ended(int status, String said) {}

    /**
     * Builds them, unless they are up to date; takes some seconds.
     *
     * @param name of the folder, below {@code target}
     * @param mode what the script shall build besides; see there
     * @throws UnsupportedOperationException if they can't be built here; the message says why
     */
    static EmulatedKernels build(String name, String... mode) {
        Path folder = Path.of("target", name).toAbsolutePath();
        List<String> command = new ArrayList<>(List.of(SCRIPT.toString(), folder.toString()));
        command.addAll(List.of(mode));
        Ended build = run(folder.resolve("build.log"), command);
        // The script's status for what this machine lacks.
        if (build.status() == 3) {
            throw new UnsupportedOperationException(build.said());
        }
        if (build.status() != 0) {
            throw new IllegalStateException("the emulation can't be built: " + build.said());
        }
        return new EmulatedKernels(folder);
    }

    /** Runs the program {@code check} over its small table, as far as the names of its groups contain {@code filter}. */
    Ended check(String filter) {
        Path log = folder.resolve("check" + filter.replace(' ', '-') + ".log");
        return run(log, List.of(folder.resolve("check").toString(), folder.toString(), "small", filter));
    }

    private static Ended run(Path log, List<String> command) {
        try {
            Files.createDirectories(log.getParent());
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IllegalStateException(command + " has not ended after " + MINUTES + " minutes; see " + log);
            }
            return new Ended(
                    process.exitValue(),
                    Files.readString(log, StandardCharsets.UTF_8).strip());
        } catch (IOException e) {
            throw new UnsupportedOperationException(command + " can't be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + command, e);
        }
    }
}
