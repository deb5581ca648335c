package org.ringwood.runtime.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.Optional;

/**
 * A file that appears whole or not at all: it is written under another name in the same directory, and renamed once it is
 * complete.
 */
public final class WholeFile {
    private final Path target;
    private final Path partial;

    /**
     * A file to be written.
     *
     * @param target its name in the end
     * @param nonce distinguishes writers that have the same target at the same time; a word without slashes
     */
    public WholeFile(Path target, String nonce) {
        this.target = target;
        this.partial =
                target.resolveSibling("." + Objects.requireNonNull(target.getFileName()) + "." + nonce + ".part");
    }

    /** What writes a file. */
    public interface Content {
        /** Writes everything. */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes a whole file at once.
     *
     * @throws InputException if that is not possible; nothing is left then, and an older file stays as it was
     */
    public static void write(Path target, Content content) {
        WholeFile file =
                new WholeFile(target, Long.toHexString(ProcessHandle.current().pid()));
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file.partial))) {
                content.writeTo(out);
            }
            file.commit();
        } catch (IOException e) {
            file.discard();
            throw refusal(target, e);
        }
    }

    /** Its name in the end. */
    public Path target() {
        return target;
    }

    /** Its name until it is complete. */
    public Path partial() {
        return partial;
    }

    /** Gives the complete file its name, in place of an older one. */
    public void commit() {
        try {
            requireReplaceable(target);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            discard();
            throw refusal(target, e);
        }
    }

    /**
     * Refuses early what could not be written in the end.
     *
     * @throws InputException if its directory is missing or closed, or something other than an ordinary file has its name
     */
    public static void requireWritable(Path target) {
        try {
            Path directory = target.toAbsolutePath().getParent();
            if (directory == null || !Files.isDirectory(directory)) {
                throw new NoSuchFileException(target.toString());
            }
            if (!Files.isWritable(directory)) {
                throw new AccessDeniedException(target.toString());
            }
            requireReplaceable(target);
        } catch (IOException impossible) {
            throw refusal(target, impossible);
        }
    }

    /** A rename would put a file in the place of {@code /dev/null}, for whoever may. */
    private static void requireReplaceable(Path target) throws FileAlreadyExistsException {
        Optional<String> other = OrdinaryFile.other(target);
        if (other.isPresent()) {
            throw new FileAlreadyExistsException(target.toString(), null, "it is " + other.get());
        }
    }

    /** Removes what was written; does nothing if there is nothing. */
    public void discard() {
        try {
            Files.deleteIfExists(partial);
        } catch (IOException e) {
            throw new InputException(partial + " cannot be removed (" + reason(e) + "): remove it", e);
        }
    }

    /** The sentence for a file that cannot be written. */
    public static InputException refusal(Path target, IOException e) {
        return new InputException(
                target + " cannot be written (" + reason(e) + "): free space or name a place that can be written", e);
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "its directory does not exist";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException system when system.getReason() != null -> system.getReason();
            default -> Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName());
        };
    }
}
