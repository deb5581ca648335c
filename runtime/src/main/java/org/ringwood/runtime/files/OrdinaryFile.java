package org.ringwood.runtime.files;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Tells ordinary files from directories, pipes and devices, which ranks can neither read alike nor replace as a whole. */
public final class OrdinaryFile {
    private OrdinaryFile() {}

    /**
     * Refuses what cannot be read as a file; a file that does not exist passes. To open a pipe would wait for whoever writes to it.
     *
     * @throws InputException naming it
     */
    public static void requireReadable(Path file) {
        other(file).ifPresent(what -> {
            throw new InputException(file + " is " + what + ": name an ordinary file, which every rank can read");
        });
    }

    /** What is there instead of an ordinary file; empty if there is one, or nothing. */
    static Optional<String> other(Path file) {
        if (Files.isDirectory(file)) {
            return Optional.of("a directory");
        }
        return Files.exists(file) && !Files.isRegularFile(file) ? Optional.of("a pipe or a device") : Optional.empty();
    }
}
