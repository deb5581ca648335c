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
    private static final int SECONDS = 600;
    /** Seconds for each second of the processor. */
    private static final int MOST_WAITS = 20;
    /** What a process ends with that took more of the processor than it may. */
    private static final int KILLED_FOR_TIME = 128 + 24;

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
        Ended build = run(folder.resolve("build.log"), command, 0, SECONDS);
        // The script's status for what this machine lacks.
        if (build.status() == 3) {
            throw new UnsupportedOperationException(build.said());
        }
        if (build.status() != 0) {
            throw new IllegalStateException("the emulation can't be built: " + build.said());
        }
        return new EmulatedKernels(folder);
    }

    /** Runs the program {@code check} over its small table, as far as the names of its groups contain one of {@code filters}. */
    Ended check(String filters) {
        return check("small", filters, 0, SECONDS);
    }

    /**
     * The same with a mutant of the kernels, if they were compiled with them; 0 is none.
     *
     * @param table of cases, see there
     * @param seconds of the processor that it may take, however busy the machine is
     */
    Ended check(String table, String filters, int mutant, int seconds) {
        Path log = folder.resolve("check" + filters.replaceAll("[ ,]+", "-") + "-" + mutant + ".log");
        List<String> command = List.of(
                "bash",
                "-c",
                "ulimit -St " + seconds + "; exec \"$@\"",
                "check",
                folder.resolve("check").toString(),
                folder.toString(),
                table,
                filters);
        Ended ended = run(log, command, mutant, MOST_WAITS * seconds);
        return ended.status() == KILLED_FOR_TIME
                ? new Ended(-1, ended.said() + "\n     has not ended after " + seconds + " seconds")
                : ended;
    }

    private static Ended run(Path log, List<String> command, int mutant, int seconds) {
        try {
            Files.createDirectories(log.getParent());
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().put("RINGWOOD_MUTANT", String.valueOf(mutant));
            builder.environment().put("TSAN_OPTIONS", "halt_on_error=1");
            Process process = builder.start();
            boolean ended = false;
            try {
                ended = process.waitFor(seconds, TimeUnit.SECONDS);
            } finally {
                if (!ended) {
                    process.destroyForcibly();
                }
            }
            process.waitFor();
            String said = new String(Files.readAllBytes(log), StandardCharsets.UTF_8).strip();
            return ended
                    ? new Ended(process.exitValue(), said)
                    : new Ended(-1, said + "\n     has not ended after " + seconds + " seconds");
        } catch (IOException e) {
            throw new UnsupportedOperationException(command + " can't be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + command, e);
        }
    }
}
