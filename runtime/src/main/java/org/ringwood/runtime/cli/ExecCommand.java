package org.ringwood.runtime.cli;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;
import org.ringwood.runtime.process.Hosts;
import org.ringwood.runtime.process.JobDirectory;
import org.ringwood.runtime.process.SupervisedJob;
import org.ringwood.runtime.process.Supervisor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Starts ranks of a program of the user's own, with the variables that the library reads. */
@Command(
        name = "exec",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Starts N ranks of a program on this machine: ringwood exec -n 4 -- COMMAND [ARGUMENT ...]")
final class ExecCommand implements Callable<Integer>, Verbose {
    private static final Path SET_PRIVILEGES = Path.of("/usr/bin/setpriv");

    @Option(names = "-n", required = true, paramLabel = "N", description = "Number of ranks.")
    private int ranks;

    @Option(names = "--verbose", description = "Show stack traces.")
    private boolean verbose;

    @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "Program and its arguments, after --.")
    private List<String> command = List.of();

    @Override
    public boolean verbose() {
        return verbose;
    }

    @Override
    public Integer call() throws Exception {
        if (ranks < 1) {
            throw new InputException("-n " + ranks + " is no number of ranks: give 1 or more");
        }
        JobDirectory directory = JobDirectory.create();
        Supervisor supervisor = new Supervisor(
                Hosts.name(),
                _ -> Optional.empty(),
                (process, _) -> process.destroy(),
                Optional.empty(),
                Optional.empty());
        try (SupervisedJob job = new SupervisedJob(supervisor, directory, () -> {})) {
            int port = freePort();
            for (int rank = 0; rank < ranks; rank++) {
                supervisor.start(program(rank, port, directory));
            }
            Optional<JobFailure> failure = job.await();
            failure.ifPresent(first -> System.err.println("ringwood: " + first.sentence()));
            return failure.isEmpty()
                    ? ExitStatus.DONE.code()
                    : supervisor
                            .exitCode(failure.get())
                            .orElse(failure.get().status().code());
        }
    }

    private ProcessBuilder program(int rank, int port, JobDirectory directory) {
        ProcessBuilder program = new ProcessBuilder(withParentalBond(command))
                .redirectInput(Redirect.from(new File("/dev/null")))
                .redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT);
        Map<String, String> variables = program.environment();
        variables.put("RANK", Integer.toString(rank));
        variables.put("WORLD_SIZE", Integer.toString(ranks));
        variables.put("LOCAL_RANK", Integer.toString(rank));
        variables.put("LOCAL_WORLD_SIZE", Integer.toString(ranks));
        variables.put("MASTER_ADDR", InetAddress.getLoopbackAddress().getHostAddress());
        variables.put("MASTER_PORT", Integer.toString(port));
        variables.put("RINGWOOD_TOKEN", directory.token());
        return program;
    }

    /** Where util-linux is there, a program ends with its launcher, even if that is killed. */
    private static List<String> withParentalBond(List<String> command) {
        if (!Files.isExecutable(SET_PRIVILEGES)) {
            return command;
        }
        List<String> bound = new ArrayList<>(List.of(SET_PRIVILEGES.toString(), "--pdeathsig", "KILL", "--"));
        bound.addAll(command);
        return bound;
    }

    /** A port that is free now; rank 0 takes it a moment later. */
    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
