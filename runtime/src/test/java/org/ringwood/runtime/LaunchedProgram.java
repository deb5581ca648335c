package org.ringwood.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.ringwood.runtime.installation.ClassArchive;
import org.ringwood.runtime.installation.Installation;

/** A Ringwood program in a JVM of its own, as the start script starts it, with directories of its own. */
final class LaunchedProgram implements AutoCloseable {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final Duration PATIENCE = Duration.ofSeconds(100);

    /** One installation for all programs of this JVM, which goes with it. */
    private static final class Home {
        private static final Path PATH = install();

        private static Path install() {
            try {
                Path directory = Files.createTempDirectory("installed");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(directory)));
                Path home = Installation.into(directory.resolve("home"));
                ClassArchive.create(home, directory);
                return home;
            } catch (IOException | InterruptedException failed) {
                throw new AssertionError(failed);
            }
        }

        private static void remove(Path directory) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            } catch (IOException left) {
                throw new UncheckedIOException(left);
            }
        }
    }

    private final Process process;
    private final Path temporary;
    private final Path out;
    private final Path err;
    private final List<ProcessHandle> seenWorkers = new ArrayList<>();

    private LaunchedProgram(Process process, Path temporary, Path out, Path err) {
        this.process = process;
        this.temporary = temporary;
        this.out = out;
        this.err = err;
    }

    /** {@code ringwood} with some arguments. */
    static LaunchedProgram ringwood(Path directory, String... arguments) throws IOException {
        return start(directory, Launcher.class, Map.of(), List.of(arguments));
    }

    /** {@code ringwood} with some arguments, started by a launcher that sets these variables. */
    static LaunchedProgram ringwood(Path directory, Map<String, String> environment, String... arguments)
            throws IOException {
        return start(directory, Launcher.class, environment, List.of(arguments));
    }

    /** A worker that nobody but the environment told its rank. */
    static LaunchedProgram worker(Path directory, Map<String, String> environment, String... arguments)
            throws IOException {
        return start(directory, Worker.class, environment, List.of(arguments));
    }

    private static LaunchedProgram start(
            Path directory, Class<?> main, Map<String, String> environment, List<String> arguments) throws IOException {
        Path temporary = Files.createTempDirectory(directory, "tmp");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("--"))
                .forEach(command::add);
        command.addAll(ClassArchive.flags(Home.PATH));
        command.add("-Djava.io.tmpdir=" + temporary);
        command.addAll(List.of("-cp", Home.PATH.resolve("lib") + "/*", main.getName()));
        command.addAll(arguments);
        Path out = temporary.resolve("stdout");
        Path err = temporary.resolve("stderr");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        return new LaunchedProgram(builder.start(), temporary, out, err);
    }

    /** Waits until a job is in the middle of its work: its output file has been made, and is not finished. */
    void awaitMiddle(Path directory, String output) throws IOException, InterruptedException {
        awaitWhileItRuns(() -> contains(directory, "." + output));
        seenWorkers.addAll(process.children().toList());
    }

    /** Returns once a condition holds that the running program brings about. */
    void awaitWhileItRuns(Condition condition) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new AssertionError("the job did not come to its middle: " + err());
            }
            Thread.sleep(20);
        }
    }

    /** What a running program brings about. */
    @FunctionalInterface
    interface Condition {
        boolean holds() throws IOException;
    }

    private static boolean contains(Path directory, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith(prefix));
        }
    }

    /** The workers that {@link #awaitMiddle} saw, in the order of their start. */
    List<ProcessHandle> workers() {
        return seenWorkers.stream()
                .sorted((a, b) -> Long.compare(a.pid(), b.pid()))
                .toList();
    }

    /** Sends a signal to the program itself. */
    void signal(String name) {
        signal(name, process.toHandle());
    }

    static void signal(String name, ProcessHandle target) {
        try {
            int code = new ProcessBuilder("kill", "-" + name, Long.toString(target.pid()))
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new AssertionError("cannot send " + name + " to " + target.pid());
            }
        } catch (IOException | InterruptedException failed) {
            throw new AssertionError(failed);
        }
    }

    /** Whether programs that are started here ignore a signal, as those of a shell's background jobs do. */
    static boolean ignores(String name) throws IOException {
        int number = name.equals("INT") ? 2 : 15;
        String ignored = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .findFirst()
                .orElseThrow()
                .substring("SigIgn:".length())
                .strip();
        return (Long.parseUnsignedLong(ignored, 16) >>> (number - 1) & 1) == 1;
    }

    /** Waits for the end and returns the exit code. */
    int await() throws InterruptedException {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("it did not end: " + err());
        }
        return process.exitValue();
    }

    /** Waits until every worker that was seen has ended. */
    void awaitWorkers() {
        seenWorkers.forEach(worker -> worker.onExit()
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join());
    }

    long pid() {
        return process.pid();
    }

    String out() {
        return read(out);
    }

    /** Without what the JVM itself says about incubating modules. */
    String err() {
        return read(err).replaceAll("(?m)^WARNING: Using incubator modules.*\\R", "");
    }

    /** What it complained of, a sentence a line. */
    List<String> complaints() {
        return err().lines().filter(line -> !line.startsWith("… ")).toList();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Files in shared memory of this program and its workers, and directories of the job. */
    List<Path> leftovers() throws IOException {
        List<Path> left = new ArrayList<>();
        List<Long> pids = Stream.concat(
                        Stream.of(process.pid()), seenWorkers.stream().map(ProcessHandle::pid))
                .toList();
        for (Path directory : List.of(SHARED_MEMORY, temporary)) {
            try (Stream<Path> files = Files.list(directory)) {
                files.filter(file -> pids.stream()
                                .anyMatch(pid ->
                                        file.getFileName().toString().matches("ringwood-[a-z]+-\\d+-" + pid + "-.*")))
                        .forEach(left::add);
            }
        }
        return left;
    }

    /** Ends everything, whatever the test left running. */
    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        seenWorkers.forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
