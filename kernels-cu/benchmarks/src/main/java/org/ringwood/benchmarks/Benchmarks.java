package org.ringwood.benchmarks;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The program {@code ringwood bench}. */
@Command(
        name = "ringwood bench",
        description = "Measures Ringwood beside the ceilings of this machine and beside others.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false)
public final class Benchmarks implements Runnable {
    /** Exit code of a fault of the program, as in all of Ringwood. */
    private static final int INTERNAL = 70;

    @Spec
    private @Nullable CommandSpec spec;

    private Benchmarks() {}

    /** Runs a command and ends with its exit code. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Benchmarks())
                .addSubcommand(new KernelsCommand())
                .addSubcommand(new MicroCommand())
                .setParameterExceptionHandler(Benchmarks::refuse)
                .setExecutionExceptionHandler(Benchmarks::explain)
                .execute(arguments));
    }

    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(spec.commandLine(), "a command is missing: kernels or micro");
        }
    }

    private static int refuse(ParameterException refused, String[] arguments) {
        String command = refused.getCommandLine().getCommandSpec().qualifiedName();
        String message =
                String.valueOf(refused.getMessage()).lines().findFirst().orElse("bad usage");
        refused.getCommandLine().getErr().println("ringwood: " + message + " (" + command + " --help tells more)");
        return CommandLine.ExitCode.USAGE;
    }

    private static int explain(Exception thrown, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        err.println("ringwood: internal error: " + thrown);
        thrown.printStackTrace(err);
        return INTERNAL;
    }
}
