package org.ringwood.runtime.cli;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.ExitStatus;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The command {@code ringwood} with its subcommands. */
@Command(
        name = "ringwood",
        description = "Exact attention over long sequences, computed by several processes.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "",
            "From a checkout, ringwood test runs all tests, and ringwood bench kernels measures the kernels beside others."
        },
        sortOptions = false)
public final class CommandLineInterface implements Runnable {
    @Spec
    private @Nullable CommandSpec spec;

    private CommandLineInterface() {}

    /**
     * Runs a command.
     *
     * @param worker main class of a job's worker processes
     * @param sweeper main class of a benchmark's
     * @param arguments the command line
     * @return the exit code
     */
    public static int run(Class<?> worker, Class<?> sweeper, String... arguments) {
        return new CommandLine(new CommandLineInterface())
                .addSubcommand(new RunCommand(worker))
                .addSubcommand(new PlanCommand())
                .addSubcommand(new CommandLine(new BenchCommand(sweeper)).addSubcommand(new NetCommand(sweeper)))
                .addSubcommand(new PlotCommand())
                .addSubcommand(new ExecCommand())
                .addSubcommand(new DoctorCommand())
                .setParameterExceptionHandler(CommandLineInterface::refuse)
                .setExecutionExceptionHandler(CommandLineInterface::explain)
                .setStopAtPositional(false)
                .execute(arguments);
    }

    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(spec.commandLine(), "a command is missing: ringwood --help lists them");
        }
    }

    private static int refuse(ParameterException refused, String[] arguments) {
        String command = refused.getCommandLine().getCommandSpec().qualifiedName();
        String message =
                String.valueOf(refused.getMessage()).lines().findFirst().orElse("bad usage");
        String help = message.contains("--help") ? "" : " (" + command + " --help tells more)";
        refused.getCommandLine().getErr().println("ringwood: " + message + help);
        return ExitStatus.BAD_INPUT.code();
    }

    private static int explain(Exception thrown, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        boolean verbose = command.getCommand() instanceof Verbose choice && choice.verbose();
        boolean bad = thrown instanceof InputException;
        err.println("ringwood: " + (bad ? thrown.getMessage() : "internal error: " + thrown + hint(verbose)));
        if (verbose) {
            thrown.printStackTrace(err);
        }
        return (bad ? ExitStatus.BAD_INPUT : ExitStatus.INTERNAL).code();
    }

    private static String hint(boolean verbose) {
        return verbose ? "" : " (--verbose shows where)";
    }
}
