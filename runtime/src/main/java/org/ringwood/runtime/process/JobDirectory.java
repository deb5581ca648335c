package org.ringwood.runtime.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.files.StaleFiles;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.JobFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The private directory of a job on one machine: its token, where rank 0 is, the workers' logs and how each of them ended. Only
 * this user can read it; it goes when the job ends, and at the next start if its launcher was killed.
 *
 * @param path of the directory
 */
public record JobDirectory(Path path) {
    /** What is known of a rank that has not shown yet that it lives. */
    static final FileTime NO_BEAT = FileTime.fromMillis(0);

    private static final Logger LOG = LoggerFactory.getLogger(JobDirectory.class);

    private static final String TOKEN = "token";
    private static final String UNFINISHED = "unfinished";
    /** No name of a file has this character. */
    private static final String SEPARATOR = "\0";

    private static final int TOKEN_BYTES = 32;

    /** Makes the directory and the job's random token, and removes what killed launchers left. */
    public static JobDirectory create() {
        Path parent = parent();
        try {
            sweep();
            String random = randomHex(Long.BYTES);
            Path path = Files.createDirectory(parent.resolve(StaleFiles.nameOfOwn("job", random)), only("rwx------"));
            JobDirectory directory = new JobDirectory(path);
            directory.writePrivate(TOKEN, randomHex(TOKEN_BYTES));
            return directory;
        } catch (IOException unwritable) {
            throw refusal(parent, unwritable);
        }
    }

    private static InputException refusal(Path place, IOException unwritable) {
        return new InputException(
                "cannot make the job's own files in " + place + " (" + unwritable.getMessage()
                        + "): free space there or name another place with -Djava.io.tmpdir",
                unwritable);
    }

    private static Path parent() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    /** Removes the directories that killed launchers left, with the files that their jobs did not finish. */
    static void sweep() throws IOException {
        for (Path stale : StaleFiles.stale(parent())) {
            new JobDirectory(stale).removeUnfinished();
        }
        StaleFiles.sweep(parent());
    }

    /** Keeps in mind which files are to be removed if nobody of the job is left to do it. */
    public void rememberUnfinished(List<Path> files) {
        String names =
                files.stream().map(file -> file.toAbsolutePath().toString()).collect(Collectors.joining(SEPARATOR));
        try {
            writePrivate(UNFINISHED, names);
        } catch (IOException unwritable) {
            throw refusal(path, unwritable);
        }
    }

    private void removeUnfinished() throws IOException {
        Path names = path.resolve(UNFINISHED);
        if (!Files.isRegularFile(names, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        for (String name : Files.readString(names, StandardCharsets.UTF_8).split(SEPARATOR, -1)) {
            try {
                Files.deleteIfExists(Path.of(name));
            } catch (IOException kept) {
                // What cannot be removed now must not keep a new job from its start.
                LOG.warn("{} was left by a job whose processes were all killed, and cannot be removed", name, kept);
            }
        }
    }

    private static String randomHex(int bytes) {
        byte[] random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    private static FileAttribute<?> only(String permissions) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    }

    private void writePrivate(String name, String text) throws IOException {
        Path file = Files.createFile(path.resolve(name), only("rw-------"));
        Files.writeString(file, text, StandardCharsets.UTF_8, StandardOpenOption.WRITE);
    }

    /** The secret that the job's processes share. */
    public String token() {
        try {
            return Files.readString(path.resolve(TOKEN), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new InputException(
                    "cannot read the job's token in " + path + ": " + unreadable.getMessage(), unreadable);
        }
    }

    /** What a rank writes to its standard streams. */
    public Path log(int rank) {
        return path.resolve("rank-" + rank + ".log");
    }

    /** From now on a rank may show that it lives. Its process makes no file of its own for that, lest it outlive the directory. */
    public void expectBeats(int rank) {
        try {
            writePrivate(beats(rank), "");
            Files.setLastModifiedTime(path.resolve(beats(rank)), NO_BEAT);
        } catch (IOException unwritable) {
            throw refusal(path, unwritable);
        }
    }

    /** Shows that a rank lives. */
    void beat(int rank) throws IOException {
        Files.setLastModifiedTime(path.resolve(beats(rank)), FileTime.from(Instant.now()));
    }

    /** When a rank last showed that it lives; {@link #NO_BEAT} if it has not yet. */
    FileTime lastBeat(int rank) throws IOException {
        return Files.getLastModifiedTime(path.resolve(beats(rank)));
    }

    private static String beats(int rank) {
        return "rank-" + rank + ".beats";
    }

    /** Leaves word why a rank ends; the launcher reads it once the rank has ended. */
    public void leaveVerdict(int rank, JobFailure failure) throws IOException {
        Path unfinished = path.resolve("rank-" + rank + ".verdict.new");
        Files.writeString(unfinished, failure.encode(), StandardCharsets.UTF_8);
        Files.move(unfinished, verdictFile(rank), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Why a rank ended, if it said so. */
    public Optional<JobFailure> verdict(int rank) {
        try {
            return Optional.of(JobFailure.decode(Files.readString(verdictFile(rank), StandardCharsets.UTF_8)));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException unreadable) {
            throw new InputException("cannot read how rank " + rank + " ended: " + unreadable.getMessage(), unreadable);
        }
    }

    private Path verdictFile(int rank) {
        return path.resolve("rank-" + rank + ".verdict");
    }

    /** Removes the directory with all that is in it; what another process removes at the same time is no matter. */
    public void delete() throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
