package org.ringwood.runtime.process;

import org.ringwood.collectives.Failure;

/**
 * A process that the launcher started for a rank.
 *
 * @param rank of the process
 * @param process that runs it
 */
record Child(int rank, Process process) {
    /** What Java adds to the number of the signal that ended a process. */
    private static final int SIGNAL = 128;

    private static final int KILL = 9;

    /** Kills the process and what it started. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** The failure that an exit means if the process left no word of its own. */
    Failure exit(String host) {
        int code = process.exitValue();
        boolean signalled = code > SIGNAL && code < SIGNAL + 65;
        if (!signalled) {
            return new Failure(rank, host, process.pid(), Failure.Cause.ERROR, "ended with exit code " + code);
        }
        int signal = code - SIGNAL;
        String hint = signal == KILL ? " (by someone, or by the system for want of memory)" : "";
        return new Failure(rank, host, process.pid(), Failure.Cause.DIED, "was killed by signal " + signal + hint);
    }
}
