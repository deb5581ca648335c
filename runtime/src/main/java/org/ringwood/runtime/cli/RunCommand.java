package org.ringwood.runtime.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.WholeFile;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.tensors.Output;
import org.ringwood.runtime.worker.Seat;
import org.ringwood.runtime.worker.ThreadedJob;
import org.ringwood.runtime.worker.WorkerProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs a job: starts workers on this machine, or is one itself where Slurm, mpirun or the like started it. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Runs a job: starts its workers or joins them, computes, verifies, reports.")
final class RunCommand implements Callable<Integer>, Verbose {
    private final Class<?> worker;

    @Mixin
    private JobOptions options = new JobOptions();

    RunCommand(Class<?> worker) {
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
        Optional<Seat> seat = Seat.of(System.getenv());
        if (seat.isPresent()) {
            return WorkerProcess.run(seat.get(), options.file(), options.settings(), options.verbose());
        }
        Job job = options.read();
        int ranks = job.workers().orElseGet(this::soleWorker);
        refuseBadInput(job);
        return switch (job.transport()) {
            case INPROCESS -> ThreadedJob.run(job, ranks, options.verbose());
            case AUTO, SHM, AERON ->
                new LocalJob(worker, options.arguments(), ranks, job.output(), job.timeouts(), options.verbose()).run();
            case MPI, SHM_MPI ->
                WorkerProcess.run(onlyRank(job, ranks), options.file(), options.settings(), options.verbose());
        };
    }

    private Seat onlyRank(Job job, int ranks) {
        return Seat.ofSoleTask(System.getenv())
                .filter(_ -> ranks == 1)
                .orElseThrow(() -> new InputException(
                        "transport: %s needs ranks that MPI's launcher has started: mpirun -n %d ./ringwood run %s, or srun --mpi=pmix"
                                .formatted(job.transport(), ranks, options.file())));
    }

    private int soleWorker() {
        if (Seat.ofSoleTask(System.getenv()).isPresent()) {
            return 1;
        }
        throw new InputException(
                options.file() + ": workers is auto, but no launcher says how many:"
                        + " give a number, such as --set workers=4, or start the job by srun, mpirun, torchrun or ringwood exec");
    }

    /** Before any worker starts: files that are missing or lie, shapes and masks that do not fit, results that cannot be written. */
    private static void refuseBadInput(Job job) {
        Stream<Path> results = job.output().stream().flatMap(target -> Output.files(target).stream());
        Stream<Path> accounts = Stream.of(job.report(), job.trace()).flatMap(Optional::stream);
        Stream.concat(results, accounts).forEach(WholeFile::requireWritable);
        try (Inputs inputs = Inputs.open(job)) {
            inputs.mask();
        }
    }
}
