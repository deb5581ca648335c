package org.ringwood.collectives.files;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Files and directories that belong to one process, in a directory shared with others. Their names tell whose they are, so that
 * whoever starts next can remove what a killed process left:
 * {@code ringwood-KIND-NAMESPACE-PID-START-REST}.
 */
public final class StaleFiles {
    private static final Pattern NAME =
            Pattern.compile("ringwood-[a-z]+-(?<namespace>\\d+)-(?<pid>\\d+)-(?<start>\\d+)-.+");

    private StaleFiles() {}

    /**
     * The name of a file or directory of this process.
     *
     * @param kind lower-case letters, such as {@code shm} or {@code aeron}
     * @param rest what distinguishes the files of this kind
     */
    public static String nameOfOwn(String kind, String rest) {
        ProcessIdentity own = ProcessIdentity.own();
        String name = "ringwood-%s-%s-%d-%s-%s".formatted(kind, own.namespace(), own.pid(), own.startTicks(), rest);
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not the kind of a file: " + kind + ", " + rest);
        }
        return name;
    }

    /**
     * Removes what processes of this user that have ended left in a directory; leaves alone what belongs to a living process,
     * to another user, or to a pid namespace that this process does not see.
     *
     * @return what was removed
     * @throws IOException if the directory cannot be read
     */
    public static List<Path> sweep(Path directory) throws IOException {
        List<Path> removed = new ArrayList<>();
        for (Path stale : stale(directory)) {
            if (remove(stale)) {
                removed.add(stale);
            }
        }
        return removed;
    }

    /**
     * What {@link #sweep} would remove.
     *
     * @throws IOException if the directory cannot be read
     */
    public static List<Path> stale(Path directory) throws IOException {
        List<Path> stale = new ArrayList<>();
        try (DirectoryStream<Path> candidates = Files.newDirectoryStream(directory, "ringwood-*")) {
            for (Path candidate : candidates) {
                if (ownerEnded(candidate) && isOwn(candidate)) {
                    stale.add(candidate);
                }
            }
        }
        return stale;
    }

    /**
     * Removes what this user's processes hold under names of a kind that begin with {@code rest}: for all files of a job that has
     * failed, whoever made them. What is mapped stays mapped.
     */
    public static void removeAll(Path directory, String kind, String rest) throws IOException {
        Pattern wanted = Pattern.compile("ringwood-" + kind + "-\\d+-\\d+-\\d+-" + Pattern.quote(rest) + ".*");
        try (DirectoryStream<Path> candidates = Files.newDirectoryStream(directory, "ringwood-*")) {
            for (Path candidate : candidates) {
                if (wanted.matcher(candidate.getFileName().toString()).matches() && isOwn(candidate)) {
                    remove(candidate);
                }
            }
        }
    }

    private static boolean ownerEnded(Path path) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        return name.matches() && owner(name).map(ProcessIdentity::ended).orElse(false);
    }

    private static Optional<ProcessIdentity> owner(Matcher name) {
        try {
            return Optional.of(new ProcessIdentity(
                    name.group("namespace"), Long.parseLong(name.group("pid")), name.group("start")));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static boolean isOwn(Path path) throws IOException {
        try {
            Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            return owner.equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Whether it was there; another process may sweep at the same time. */
    private static boolean remove(Path path) throws IOException {
        try {
            Files.walkFileTree(path, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                        throws IOException {
                    Files.deleteIfExists(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
