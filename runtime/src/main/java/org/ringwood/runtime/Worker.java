package org.ringwood.runtime;

import java.nio.file.Path;
import java.util.List;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.worker.Seat;
import org.ringwood.runtime.worker.WorkerProcess;

/** The program that is one rank of a job. Takes the job file and its settings, {@code KEY=VALUE} each; the rest is in its environment. */
public final class Worker {
    private Worker() {}

    /** Runs the rank and ends with its exit code. */
    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments)).code());
    }

    private static ExitStatus run(List<String> arguments) {
        try {
            if (arguments.isEmpty()) {
                throw new InputException("a worker needs a job file: it is started by ringwood run");
            }
            Seat seat = Seat.of(System.getenv())
                    .orElseThrow(() -> new InputException(
                            "nobody told this worker its rank: start it with ringwood run, srun or mpirun"));
            return WorkerProcess.run(
                    seat, Path.of(arguments.getFirst()), arguments.subList(1, arguments.size()), false);
        } catch (InputException bad) {
            System.err.println("ringwood: " + bad.getMessage());
            return ExitStatus.BAD_INPUT;
        }
    }
}
