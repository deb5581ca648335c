package org.ringwood.collectives.mpi;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How Open MPI is called. {@link #AUTO} takes the Java bindings where they are there and fit the library, else the C library. The
 * property {@value #PROPERTY} asks for one of them ({@code auto}, {@code java}, {@code foreign}), and {@value #LIBRARY_PROPERTY}
 * names the C library's file.
 */
public enum MpiBinding {
    /** What is there. */
    AUTO {
        @Override
        MpiLibrary load() {
            try {
                return JAVA.load();
            } catch (IllegalArgumentException none) {
                return FOREIGN.load();
            }
        }
    },
    /** Open MPI's own Java bindings, package {@code mpi}: {@code mpi.jar} and {@code libmpi_java.so}. */
    JAVA {
        @Override
        MpiLibrary load() {
            // They call the library that is found here, which has to be Open MPI's.
            ForeignMpi library = openMpi();
            return JavaBindings.load(library.version());
        }
    },
    /** {@code libmpi.so}, through the JDK's foreign functions. */
    FOREIGN {
        @Override
        MpiLibrary load() {
            return openMpi();
        }
    };

    /** Names the binding. */
    public static final String PROPERTY = "ringwood.mpi.binding";

    /** Names the C library's file. */
    public static final String LIBRARY_PROPERTY = "ringwood.mpi.library";

    private static final List<String> NAMES = List.of("libmpi.so.40", "libmpi.so");

    /**
     * Loads what calls MPI, and does not start it.
     *
     * @throws IllegalArgumentException if it cannot be had, saying what is missing
     */
    abstract MpiLibrary load();

    /** @throws IllegalArgumentException if the property names no binding */
    static MpiBinding fromProperties() {
        String name = System.getProperty(PROPERTY, "auto");
        return Stream.of(values())
                .filter(binding -> binding.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "%s=%s is none of auto, java and foreign".formatted(PROPERTY, name)));
    }

    /** Whether there is an Open MPI to call, and mpirun or a launcher that speaks its PMIx has started this process. Starts nothing. */
    public static boolean isLaunched() {
        return MpiEnvironment.current().isLaunched() && fromProperties().find().works();
    }

    /** What this machine has of it: what is found, or why it cannot be used. Starts nothing. */
    public Found find() {
        try {
            MpiLibrary library = load();
            return new Found(true, library.binding() + ", " + library.version());
        } catch (IllegalArgumentException missing) {
            return new Found(false, String.valueOf(missing.getMessage()));
        }
    }

    /**
     * What was found.
     *
     * @param works whether it can be used
     * @param detail what it is, or what is missing and the remedy
     */
    public record Found(boolean works, String detail) {}

    /** @throws IllegalArgumentException if it cannot be loaded, saying why */
    static ForeignMpi openMpi() {
        List<String> refusals = new ArrayList<>();
        for (String name : candidates()) {
            SharedLibrary library = open(name, refusals);
            if (library != null) {
                return ForeignMpi.of(library);
            }
        }
        throw new IllegalArgumentException(
                "Open MPI's library cannot be loaded (%s); install it (Debian: openmpi-bin; clusters: module load openmpi), or set MPI_HOME to its folder"
                        .formatted(String.join("; ", refusals)));
    }

    private static @Nullable SharedLibrary open(String name, List<String> refusals) {
        try {
            return SharedLibrary.open(name);
        } catch (IllegalArgumentException refused) {
            refusals.add(String.valueOf(refused.getMessage()));
            return null;
        }
    }

    private static List<String> candidates() {
        String file = System.getProperty(LIBRARY_PROPERTY);
        if (file != null) {
            return List.of(file);
        }
        return Optional.ofNullable(System.getenv("MPI_HOME"))
                .filter(home -> !home.isBlank())
                .map(home -> List.of(home + "/lib/libmpi.so"))
                .orElse(NAMES);
    }
}
