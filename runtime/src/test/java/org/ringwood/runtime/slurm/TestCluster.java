package org.ringwood.runtime.slurm;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.ringwood.runtime.installation.ClassArchive;
import org.ringwood.runtime.installation.Installation;

/**
 * A real Slurm cluster, made by the project's script, with an installation of Ringwood and a folder for jobs. It ends with this JVM, even
 * if that is killed.
 */
final class TestCluster {
    /** What the script ends with where the machine does not permit what it needs. */
    private static final int NOT_HERE = 75;

    private static final long PATIENCE_SECONDS = 300;

    private final Path script;
    private final Path folder;
    private final Path home;
    private final Path jobs;
    private final Process holder;

    private TestCluster(Path script, Path folder, Path home, Path jobs, Process holder) {
        this.script = script;
        this.folder = folder;
        this.home = home;
        this.jobs = jobs;
        this.holder = holder;
    }

    /**
     * Starts a cluster, or skips the tests with the script's own words where that cannot be.
     *
     * @param tier plain, namespaces, or machines, which run no jobs
     * @param directory of the test
     */
    static TestCluster start(String tier, int nodes, Path directory) throws IOException, InterruptedException {
        Path home = Installation.into(directory.resolve("home"));
        // A blank in the path is the shells' hardest test.
        Path jobs = Files.createDirectories(directory.resolve("my jobs"));
        Path script = home.resolve("slurm/test-cluster/cluster");
        Path folder = directory.resolve("cluster");
        for (List<String> step : List.of(List.of("install"), List.of("start", tier, Integer.toString(nodes)))) {
            Outcome outcome = Outcome.of(builder(script, folder, step));
            assumeThat(outcome.code()).as(outcome.text()).isNotEqualTo(NOT_HERE);
            outcome.requireSuccess();
        }
        if (!tier.equals("machines")) {
            ClassArchive.create(home, directory);
        }
        Process holder = builder(script, folder, List.of("hold")).start();
        return new TestCluster(script, folder, home, jobs, holder);
    }

    /** What a command said, and its exit code. */
    record Outcome(int code, String text) {
        private static Outcome of(ProcessBuilder builder) throws IOException, InterruptedException {
            Path text = Files.createTempFile("cluster", ".txt");
            try {
                Process process = builder.redirectErrorStream(true)
                        .redirectOutput(text.toFile())
                        .start();
                if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new AssertionError(builder.command() + " did not end: " + Files.readString(text));
                }
                return new Outcome(process.exitValue(), Files.readString(text).strip());
            } finally {
                Files.delete(text);
            }
        }

        String requireSuccess() {
            if (code != 0) {
                throw new AssertionError("exit code " + code + ": " + text);
            }
            return text;
        }
    }

    /** A command of the script. */
    Outcome script(String... arguments) throws IOException, InterruptedException {
        return Outcome.of(builder(script, folder, List.of(arguments)));
    }

    /** A command on the login machine. */
    Outcome run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("run", "env"));
        environment.forEach((variable, value) -> arguments.add(variable + "=" + value));
        arguments.addAll(List.of(command));
        return Outcome.of(builder(script, folder, arguments).directory(jobs.toFile()));
    }

    /** Slurm's programs and Java start with what this environment says. */
    private static ProcessBuilder builder(Path script, Path folder, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> environment = builder.environment();
        environment.put("RINGWOOD_CLUSTER", folder.toString());
        environment.put("RINGWOOD_JAVA_HOME", System.getProperty("java.home"));
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        Path home = script.getParent().getParent().getParent();
        environment.put("JAVA_TOOL_OPTIONS", String.join(" ", ClassArchive.flags(home)));
        return builder;
    }

    /** Where {@code ringwood} and the batch scripts are. */
    Path home() {
        return home;
    }

    /** Where jobs are submitted. */
    Path jobs() {
        return jobs;
    }

    /** Submits the shipped batch script {@code attention.sbatch}. */
    Submission attention(String... options) {
        return new Submission(this, "attention.sbatch").with(options);
    }

    /** Processes that the cluster has started, directly or not; a parent that does not collect its dead is not its fault. */
    List<Long> processes() {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.map(ProcessHandle::pid)
                    .filter(process -> process != holder.pid())
                    .filter(process -> environment(process).contains(folder.toString()))
                    .toList();
        }
    }

    /** Empty for a process that has ended or is none of this user's. */
    static String environment(long process) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process), "environ"), ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    /** Lets go of the cluster, which then ends itself. */
    void stop() throws IOException, InterruptedException {
        holder.getOutputStream().close();
        if (!holder.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the cluster in " + folder + " did not end");
        }
    }
}
