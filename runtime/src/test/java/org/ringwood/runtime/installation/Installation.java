package org.ringwood.runtime.installation;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.ringwood.collectives.mpi.OpenMpi;

/** Ringwood as its archive installs it: the start script, the batch scripts as they are shipped, and jars. */
public final class Installation {
    private static final Path CHECKOUT =
            Path.of("").toAbsolutePath().resolveSibling("").normalize();

    private Installation() {}

    /** The checkout that the tests are run in. */
    public static Path checkout() {
        return CHECKOUT;
    }

    /** Installs what is tested into a folder. */
    public static Path into(Path home) throws IOException {
        Files.createDirectories(home.resolve("lib"));
        Files.copy(CHECKOUT.resolve("ringwood"), home.resolve("ringwood"));
        copy("cluster-configs", home);
        copy("slurm", home);
        int number = 0;
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            // An empty one is the working directory, in which no module is.
            if (!entry.isEmpty() && !entry.endsWith("-tests.jar")) {
                addLibrary(Path.of(entry), home.resolve("lib"), number++);
            }
        }
        return home;
    }

    /** Gives an installation Open MPI's Java bindings, as {@code ringwood setup mpi} does. */
    public static void addJavaBindings(Path home) throws IOException {
        Files.createSymbolicLink(home.resolve("native"), OpenMpi.bindings());
        if (OpenMpi.adapter().isPresent()) {
            pack(OpenMpi.adapter().get(), home.resolve("lib/mpi-adapter.jar"));
        }
    }

    /** A small program of the test's own. */
    public static void program(Path file, String script) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void copy(String folder, Path home) throws IOException {
        try (Stream<Path> files = Files.walk(CHECKOUT.resolve(folder))) {
            for (Path file : files.toList()) {
                Files.copy(file, home.resolve(CHECKOUT.relativize(file).toString()));
            }
        }
    }

    /** Modules that the reactor has only compiled are put into jars, as the start script takes nothing else. */
    private static void addLibrary(Path entry, Path libraries, int number) throws IOException {
        if (Files.isRegularFile(entry)) {
            Files.copy(entry, libraries.resolve(entry.getFileName()));
        } else if (Files.isDirectory(entry) && !entry.endsWith("test-classes")) {
            pack(entry, libraries.resolve("module-" + number + ".jar"));
        }
    }

    private static void pack(Path classes, Path jar) throws IOException {
        int code = ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(System.out, System.err, "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
        if (code != 0) {
            throw new IOException("cannot make a jar of " + classes);
        }
    }
}
