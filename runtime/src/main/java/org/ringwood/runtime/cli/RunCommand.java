package org.ringwood.runtime.cli;

import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.WholeFile;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.worker.Seat;
import org.ringwood.runtime.worker.ThreadedJob;
import org.ringwood.runtime.worker.WorkerProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs a job: starts workers on this machine, or is one itself where Slurm, mpirun or the like started it. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
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
        int ranks = job.workers()
                .orElseThrow(
                        () -> new InputException(
                                options.file() + ": workers is auto, but no launcher says how many:"
                                        + " give a number, such as --set workers=4, or start the job by srun, mpirun, torchrun or ringwood exec"));
        refuseBadInput(job);
        return switch (job.transport()) {
            case INPROCESS -> ThreadedJob.run(job, ranks, options.verbose());
            case AUTO, SHM, AERON ->
                new LocalJob(worker, options.file(), options.settings(), ranks, job.output(), options.verbose()).run();
            case MPI -> throw new InputException("transport: mpi is not in this version: take auto, shm or aeron");
        };
    }

    /** Before any worker starts: files that are missing or lie, shapes and masks that do not fit, results that cannot be written. */
    private static void refuseBadInput(Job job) {
        Stream.of(job.output(), job.report(), job.trace())
                .flatMap(Optional::stream)
                .forEach(RunCommand::requireWritable);
        try (Inputs inputs = Inputs.open(job)) {
            inputs.mask();
        }
    }

    private static void requireWritable(Path target) {
        Path directory = target.toAbsolutePath().getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw WholeFile.refusal(target, new NoSuchFileException(target.toString()));
        }
        if (!Files.isWritable(directory)) {
            throw WholeFile.refusal(target, new AccessDeniedException(target.toString()));
        }
    }
}
