package org.ringwood.runtime;

import java.util.List;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.worker.NetProcess;
import org.ringwood.runtime.worker.NetTask;
import org.ringwood.runtime.worker.Seat;
import org.ringwood.runtime.worker.SweepProcess;
import org.ringwood.runtime.worker.SweepTask;

/** The program that is one rank of a benchmark on this machine. {@code ringwood bench} starts it. */
public final class BenchWorker {
    private BenchWorker() {}

    /** Runs the rank and ends with its exit code. */
    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments)).code());
    }

    private static ExitStatus run(List<String> arguments) {
        try {
            Seat seat = Seat.of(System.getenv())
                    .orElseThrow(() ->
                            new InputException("nobody told this worker its rank: it is started by ringwood bench"));
            List<String> task = arguments.subList(1, arguments.size());
            return switch (arguments.getFirst()) {
                case "sweep" ->
                    SweepProcess.run(
                            seat,
                            SweepTask.of(task),
                            row -> !row.job().transport().needsMpi(),
                            false);
                case "net" -> NetProcess.run(seat, NetTask.of(task), false);
                default -> throw new InputException("there is no benchmark " + arguments.getFirst());
            };
        } catch (InputException bad) {
            System.err.println("ringwood: " + bad.getMessage());
            return ExitStatus.BAD_INPUT;
        }
    }
}
