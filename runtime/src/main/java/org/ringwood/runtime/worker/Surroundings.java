package org.ringwood.runtime.worker;

import java.io.PrintStream;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ringwood.collectives.environment.ParallelEnvironment;
import org.ringwood.runtime.outcome.Emulation;

/**
 * How the ranks of a benchmark came to be.
 *
 * @param launcher who started them
 * @param emulated what is emulated, a sentence; empty if nothing is known to be
 * @param out where people read rank 0's lines
 */
record Surroundings(String launcher, String emulated, PrintStream out) {
    /** Those of a process. */
    static Surroundings of(Seat seat) {
        String launcher = seat.directory().isPresent()
                ? "ringwood bench"
                : ParallelEnvironment.current().launcher().name().toLowerCase(Locale.ROOT);
        return new Surroundings(launcher, Emulation.of(System.getenv()), System.out);
    }

    /** Those of threads that play so many nodes. */
    static Surroundings ofThreads(int nodes) {
        String threads = nodes > 1 ? "The nodes: all ranks are threads of one process" : "";
        String emulated = Stream.of(threads, Emulation.of(System.getenv()))
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining("; "));
        return new Surroundings("threads of one process", emulated, System.out);
    }
}
