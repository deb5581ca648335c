package org.ringwood.collectives.mpi;

import java.lang.reflect.InvocationTargetException;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the class that calls Open MPI's Java bindings. It was compiled only if there was an {@code mpi.jar} at the time, and works
 * only if there is one now, which fits the library.
 */
final class JavaBindings {
    private static final String ADAPTER = "org.ringwood.collectives.mpi.JavaMpi";
    private static final String FOREIGN_DOES = "; or do without: the C library alone is enough";

    private static final String LIBRARY_PATH = "java.library.path";
    private static final Pattern VERSION = Pattern.compile("\\d+\\.\\d+\\.\\d+");

    private JavaBindings() {}

    /**
     * Loads them.
     *
     * @param version of the C library
     * @throws IllegalArgumentException if they are missing or do not fit
     */
    static MpiLibrary load(String version) {
        try {
            Class<?> adapter = Class.forName(ADAPTER);
            return (MpiLibrary) adapter.getDeclaredMethod("of", String.class).invoke(null, version);
        } catch (ClassNotFoundException absent) {
            throw new IllegalArgumentException(
                    "Ringwood was built without Open MPI's Java bindings: it found no mpi.jar; make one by ringwood setup mpi, or set MPI_HOME to an Open MPI that has lib/mpi.jar, and build anew"
                            + FOREIGN_DOES,
                    absent);
        } catch (InvocationTargetException thrown) {
            throw refused(thrown.getTargetException());
        } catch (LinkageError broken) {
            throw refused(broken);
        } catch (ReflectiveOperationException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Refuses a jar, or its native half, that was made for another library: the objects that they share differ.
     *
     * @param part what the part says of its version; null if it says nothing
     * @param library what the C library says
     */
    static void requireFit(@Nullable String part, String library) {
        Optional<String> ours = number(part == null ? "" : part);
        Optional<String> theirs = number(library);
        if (ours.isPresent() && theirs.isPresent() && !ours.equals(theirs)) {
            throw new IllegalArgumentException(
                    "Open MPI's Java bindings are of version %s, but its library is of %s; make a jar that fits by ringwood setup mpi"
                                    .formatted(ours.get(), theirs.get())
                            + FOREIGN_DOES);
        }
    }

    private static Optional<String> number(String version) {
        return VERSION.matcher(version).results().map(MatchResult::group).findFirst();
    }

    private static IllegalArgumentException refused(Throwable cause) {
        return switch (cause) {
            case IllegalArgumentException refusal -> refusal;
            case UnsatisfiedLinkError missing
            when String.valueOf(missing.getMessage()).contains(LIBRARY_PATH) ->
                new IllegalArgumentException(
                        "Open MPI's libmpi_java.so is not found (%s); start Java with -D%s= and its folder, as ./ringwood does"
                                        .formatted(missing.getMessage(), LIBRARY_PATH)
                                + FOREIGN_DOES,
                        missing);
            case NoClassDefFoundError missing ->
                new IllegalArgumentException(
                        "Open MPI's mpi.jar is not on the class path (%s is missing); ./ringwood adds that of MPI_HOME or of ringwood setup mpi"
                                        .formatted(missing.getMessage())
                                + FOREIGN_DOES,
                        missing);
            default ->
                new IllegalArgumentException(
                        "Open MPI's Java bindings do not work (%s); make a jar that fits by ringwood setup mpi"
                                        .formatted(cause)
                                + FOREIGN_DOES,
                        cause);
        };
    }
}
