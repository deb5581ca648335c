package org.ringwood.runtime;

import org.ringwood.runtime.cli.CommandLineInterface;

/** The program {@code ringwood}. */
public final class Launcher {
    private Launcher() {}

    /** Runs a command and ends with its exit code. */
    public static void main(String[] arguments) {
        System.exit(CommandLineInterface.run(Worker.class, BenchWorker.class, arguments));
    }
}
