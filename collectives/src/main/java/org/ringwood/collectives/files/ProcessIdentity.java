package org.ringwood.collectives.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * One life of one process. A pid alone is not enough: it is used again, and means another process in another container.
 *
 * @param namespace inode of the pid namespace
 * @param pid within that namespace
 * @param startTicks clock ticks from boot to the start of the process
 */
record ProcessIdentity(String namespace, long pid, String startTicks) {
    /** Fields behind the command in {@code /proc/PID/stat}; the first is the third of the line. */
    private static final int STATE = 3 - 3;

    private static final int START_TIME = 22 - 3;

    /** A process that has ended and was not yet waited for. */
    private static final String ZOMBIE = "Z";

    /** That of this process. */
    static ProcessIdentity own() {
        long pid = ProcessHandle.current().pid();
        try {
            String ticks = startTicks(pid);
            if (ticks.isEmpty()) {
                throw new IllegalStateException(
                        "/proc does not show this process; mount the /proc of its own pid namespace");
            }
            return new ProcessIdentity(ownNamespace(), pid, ticks);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read /proc/self", e);
        }
    }

    /** Whether this process has surely ended; false also when this process cannot tell. */
    boolean ended() {
        try {
            return namespace.equals(ownNamespace()) && !startTicks.equals(startTicks(pid));
        } catch (IOException e) {
            return false;
        }
    }

    private static String ownNamespace() throws IOException {
        String link = Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
        return link.replaceAll("\\D", "");
    }

    /** Empty if there is no such process, or no longer. */
    private static String startTicks(long pid) throws IOException {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return fields[STATE].equals(ZOMBIE) ? "" : fields[START_TIME];
        } catch (NoSuchFileException e) {
            return "";
        }
    }
}
