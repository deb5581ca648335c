package org.ringwood.runtime.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.sweep.Pending;
import org.ringwood.runtime.sweep.Sweep;
import org.ringwood.runtime.worker.Seat;
import org.ringwood.runtime.worker.SweepProcess;
import org.ringwood.runtime.worker.SweepTask;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures the rows of a sweep: on workers of this machine, or as one rank of those that Slurm, mpirun or the like started. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Measures the rows of a sweep file, each verified, into CSV files of a directory that ringwood plot draws.",
            "Under srun, mpirun or ringwood exec: those rows that have as many workers and nodes as were started."
        })
final class BenchCommand implements Callable<Integer>, Verbose {
    private final Class<?> worker;

    // Not required, as bench net has none.
    @Parameters(index = "0", arity = "0..1", paramLabel = "SWEEP.yaml", description = "Sweep file.")
    private @Nullable Path given;

    @Mixin
    private MeasuringOptions options = new MeasuringOptions();

    @Option(names = "--resume", description = "Measure only what is missing in DIR.")
    private boolean resume;

    @Option(
            names = "--processes",
            paramLabel = "N",
            description = "Measure only rows of so many processes; ranks that are threads are one.")
    private Optional<Integer> processes = Optional.empty();

    @Option(names = "--dry-run", description = "Show the rows and start nothing.")
    private boolean dryRun;

    BenchCommand(Class<?> worker) {
        this.worker = worker;
    }

    @Override
    public boolean verbose() {
        return options.verbose();
    }

    @Override
    public Integer call() throws Exception {
        return run().code();
    }

    private ExitStatus run() throws InterruptedException {
        if (given == null) {
            throw new InputException(
                    "a sweep file is missing: ringwood bench SWEEP.yaml --out DIR, or ringwood bench net, kernels or micro");
        }
        return run(given);
    }

    private ExitStatus run(Path file) throws InterruptedException {
        if (dryRun) {
            boolean known = options.out().isPresent();
            show(new SweepTask(file, options.settings(), options.out().orElse(Path.of("")), resume && known));
            return ExitStatus.DONE;
        }
        Path out = options.out()
                .orElseThrow(() -> new InputException(
                        "--out is missing: name a directory for the measurements, or show the rows by --dry-run"));
        SweepTask task = new SweepTask(file, options.settings(), out, resume);
        Optional<Seat> seat = Seat.of(System.getenv());
        if (seat.isEmpty()) {
            Optional<Seat> sole = Seat.ofSoleTask(System.getenv());
            return new LocalSweep(worker, task, task.read(), processes, sole, options.verbose()).run();
        }
        int started = seat.get().size();
        if (processes.orElse(started) != started) {
            throw new InputException(
                    "--processes " + processes.get() + " contradicts the " + started + " ranks that were started");
        }
        return SweepProcess.run(seat.get(), task, _ -> true, options.verbose());
    }

    /** What a worker is given, which has to know what kind of benchmark it is a rank of. */
    static List<String> arguments(String kind, List<String> of) {
        List<String> arguments = new ArrayList<>(List.of(kind));
        arguments.addAll(of);
        return arguments;
    }

    private void show(SweepTask task) {
        Sweep sweep = task.read();
        Pending pending = task.pending(sweep).ofProcesses(processes);
        System.out.print(SweepTable.of(sweep, pending));
        sweep.leftOut().forEach(sentence -> System.out.println("left out: " + sentence));
    }
}
