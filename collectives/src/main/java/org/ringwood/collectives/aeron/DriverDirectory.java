package org.ringwood.collectives.aeron;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.agrona.IoUtil;
import org.ringwood.collectives.files.StaleFiles;

/**
 * The directory of a media driver, readable by this user alone. Its name tells whose it is, so that the next driver, or any other
 * sweep of {@link StaleFiles}, removes what a killed process left.
 */
final class DriverDirectory implements AutoCloseable {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private final Path directory;

    private DriverDirectory(Path directory) {
        this.directory = directory;
    }

    /**
     * A new directory in memory, or among the temporary files where there is no such place.
     *
     * @param name distinguishes the drivers of a process
     */
    static DriverDirectory create(String name) {
        Path directory = parent().resolve(StaleFiles.nameOfOwn("aeron", name));
        sweep();
        try {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return new DriverDirectory(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make the directory of the Aeron media driver, " + directory, e);
        }
    }

    private static Path parent() {
        return Files.isWritable(SHARED_MEMORY) ? SHARED_MEMORY : Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    }

    /** Removes the directories of processes that have ended. */
    static void sweep() {
        try {
            StaleFiles.sweep(parent());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look for what ended processes left in " + parent(), e);
        }
    }

    /** Where the driver lives: a directory that it may replace by its own, in the one that only this user can enter. */
    Path driver() {
        return directory.resolve("driver");
    }

    @Override
    public void close() {
        IoUtil.delete(directory.toFile(), true);
    }
}
