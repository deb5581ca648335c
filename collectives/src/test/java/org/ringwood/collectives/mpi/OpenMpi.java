package org.ringwood.collectives.mpi;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.ringwood.collectives.TestJvm;

/** Open MPI as the tests use it. What is missing is installed, if this process may. */
public final class OpenMpi {
    private static final Path HOME = home();
    private static final Path NATIVE = HOME.resolve("native");
    private static final Path ADAPTER = HOME.resolve("collectives/src/main/mpi");
    private static final Path ADAPTER_CLASSES = HOME.resolve("collectives/target/mpi-classes");
    private static final int INSTALL_MINUTES = 5;

    private OpenMpi() {}

    private static Path home() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("collectives/build-mpi-bindings"))) {
            folder = Optional.ofNullable(folder.getParent()).orElseThrow();
        }
        return folder;
    }

    /** Why ranks cannot be started by mpirun; empty if they can. */
    public static Optional<String> missing() {
        return Installed.MISSING;
    }

    /** Why a binding cannot be used; empty if it can. */
    public static Optional<String> missing(MpiBinding binding) {
        return missing().isPresent() || binding != MpiBinding.JAVA ? missing() : Jar.MISSING;
    }

    private static final class Installed {
        static final Optional<String> MISSING = install()
                ? Optional.empty()
                : Optional.of(
                        "Open MPI is missing, and this process could not install it: apt-get install openmpi-bin");

        private static boolean install() {
            return runs("mpirun", "--version")
                    || (runs("apt-get", "update")
                            && runs("apt-get", "install", "-y", "-o", "DPkg::Lock::Timeout=300", "openmpi-bin")
                            && runs("mpirun", "--version"));
        }
    }

    private static final class Jar {
        static final Optional<String> MISSING = make()
                ? Optional.empty()
                : Optional.of("there is no mpi.jar, and collectives/build-mpi-bindings could not make one here");

        private static boolean make() {
            boolean there = jar().isPresent()
                    || runs(HOME.resolve("collectives/build-mpi-bindings").toString());
            if (there && !isBuiltIn()) {
                compileAdapter();
            }
            return there;
        }
    }

    /** A command that starts a rank's JVM, which uses a binding. */
    public static List<String> program(MpiBinding binding, Class<?> main, String... arguments) {
        return TestJvm.command(flags(binding), classPath(), main, arguments);
    }

    /** What a JVM needs to use a binding. */
    private static List<String> flags(MpiBinding binding) {
        List<String> flags = new ArrayList<>();
        flags.add("-D" + MpiBinding.PROPERTY + "=" + binding.name().toLowerCase(Locale.ROOT));
        jar().ifPresent(jar -> flags.add("-Djava.library.path=" + jar.getParent()));
        return flags;
    }

    /** This JVM's class path and what the Java bindings need. */
    private static String classPath() {
        List<String> path = new ArrayList<>();
        path.add(System.getProperty("java.class.path"));
        jar().ifPresent(jar -> path.add(jar.toString()));
        adapter().map(Path::toString).ifPresent(path::add);
        return String.join(File.pathSeparator, path);
    }

    /** The folder that an installation of Ringwood has as {@code native} in order to find the Java bindings. */
    public static Path bindings() {
        return Objects.requireNonNull(jar().orElseThrow().getParent());
    }

    /** Classes that such an installation needs besides, unless the build took them in. */
    public static Optional<Path> adapter() {
        return isBuiltIn() ? Optional.empty() : Optional.of(ADAPTER_CLASSES);
    }

    private static Optional<Path> jar() {
        String home = System.getenv("MPI_HOME");
        return Stream.of(Path.of(home == null ? "" : home, "lib", "mpi.jar"), NATIVE.resolve("mpi.jar"))
                .filter(Files::exists)
                .map(Path::toAbsolutePath)
                .findFirst();
    }

    /** The build takes in the part that needs the jar only if that was there when it began. */
    private static boolean isBuiltIn() {
        return MpiBinding.class.getResource("JavaMpi.class") != null;
    }

    private static void compileAdapter() {
        try (Stream<Path> sources = Files.walk(ADAPTER)) {
            Files.createDirectories(ADAPTER_CLASSES);
            List<String> arguments = new ArrayList<>(List.of(
                    "-nowarn",
                    "-d",
                    ADAPTER_CLASSES.toString(),
                    "-cp",
                    System.getProperty("java.class.path") + File.pathSeparator + jar().orElseThrow()));
            sources.map(Path::toString).filter(name -> name.endsWith(".java")).forEach(arguments::add);
            int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
            if (status != 0) {
                throw new IllegalStateException("the part that needs mpi.jar does not compile");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A command that starts a program on so many ranks, of which several may share a core. Root may, too. */
    public static ProcessBuilder mpirun(List<String> options, int ranks, List<String> program) {
        List<String> command = new ArrayList<>(options);
        command.addAll(List.of("-n", Integer.toString(ranks)));
        command.addAll(program);
        return mpirun(command);
    }

    /** The same on so many ranks of each of some nodes: on this host all, but with names of nodes that differ. */
    public static ProcessBuilder mpirunOnNodes(List<Integer> ranks, List<String> program) {
        List<String> command = new ArrayList<>();
        for (int node = 0; node < ranks.size(); node++) {
            if (node > 0) {
                command.add(":");
            }
            command.addAll(List.of("-n", ranks.get(node).toString(), "-x", "SLURMD_NODENAME=n" + (node + 1)));
            command.addAll(program);
        }
        return mpirun(command);
    }

    private static ProcessBuilder mpirun(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of("mpirun", "--oversubscribe"));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT", "1");
        builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
        // Ranks must not find another launcher's variables.
        builder.environment().keySet().removeIf(name -> name.startsWith("SLURM") || name.startsWith("PMI"));
        return builder;
    }

    /** Waits for the end of what a command starts; returns its exit code. */
    public static int run(ProcessBuilder mpirun, Path log) throws IOException, InterruptedException {
        Process process =
                mpirun.redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            return process.waitFor();
        } finally {
            process.destroyForcibly();
        }
    }

    private static boolean runs(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .start();
            try {
                return process.waitFor(INSTALL_MINUTES, TimeUnit.MINUTES) && process.exitValue() == 0;
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException absent) {
            return false;
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
