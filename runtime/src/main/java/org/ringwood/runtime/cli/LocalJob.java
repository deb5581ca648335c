package org.ringwood.runtime.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.ringwood.collectives.Timeouts;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;
import org.ringwood.runtime.process.HeartbeatWatch;
import org.ringwood.runtime.process.Hosts;
import org.ringwood.runtime.process.JavaCommand;
import org.ringwood.runtime.process.JobDirectory;
import org.ringwood.runtime.process.Lifeline;
import org.ringwood.runtime.process.ProgressDisplay;
import org.ringwood.runtime.process.ProgressPipe;
import org.ringwood.runtime.process.SupervisedJob;
import org.ringwood.runtime.process.Supervisor;
import org.ringwood.runtime.process.WorkerFlags;
import org.ringwood.runtime.tensors.Output;
import org.ringwood.runtime.worker.Nonce;
import org.ringwood.runtime.worker.Seat;

/**
 * A job whose ranks are worker processes on this machine.
 *
 * @param worker main class of a worker
 * @param arguments of every worker
 * @param ranks number of workers
 * @param output that its workers write, if any
 * @param timeouts of the job
 * @param verbose whether all logs are shown if the job fails
 */
record LocalJob(
        Class<?> worker, List<String> arguments, int ranks, Optional<Path> output, Timeouts timeouts, boolean verbose) {
    private static final int TAIL_LINES = 40;
    /** How {@link org.ringwood.collectives.GroupFailureException} begins to tell what its rank was doing. */
    private static final String SEEN = "seen while";

    /** Workers look at the deadline themselves, counted from their own start, and end in order; only those that cannot are late. */
    private static final Duration PAST_DEADLINE = Duration.ofSeconds(15);

    /** Workers end together, unless something is wrong. */
    private static final Duration FAREWELL = Duration.ofSeconds(60);

    ExitStatus run() throws InterruptedException {
        JobDirectory directory = JobDirectory.create();
        Supervisor supervisor = new Supervisor(
                Hosts.name(),
                directory::verdict,
                Lifeline::tell,
                timeouts.job().map(PAST_DEADLINE::plus),
                Optional.of(FAREWELL));
        String nonce = Nonce.of(directory.token()).toString();
        output.ifPresent(target -> directory.rememberUnfinished(Output.unfinished(target, nonce)));
        Runnable discard = () -> output.ifPresent(target -> Output.discard(target, nonce));
        try (SupervisedJob job = new SupervisedJob(supervisor, directory, discard);
                HeartbeatWatch _ = new HeartbeatWatch(directory, supervisor, timeouts)) {
            Thread relay = null;
            for (int rank = 0; rank < ranks; rank++) {
                Process process = supervisor.start(command(directory, rank));
                if (rank == 0) {
                    relay = Thread.ofPlatform()
                            .name("results")
                            .start(() -> ProgressPipe.relay(
                                    process.getInputStream(), System.out, ProgressDisplay.onStandardError()));
                }
            }
            Optional<JobFailure> failure = job.await();
            if (relay != null) {
                relay.join();
            }
            failure.ifPresent(cause -> explain(cause, directory));
            return failure.map(JobFailure::status).orElse(ExitStatus.DONE);
        }
    }

    private ProcessBuilder command(JobDirectory directory, int rank) {
        directory.expectBeats(rank);
        Redirect log = Redirect.appendTo(directory.log(rank).toFile());
        ProcessBuilder command = new ProcessBuilder(JavaCommand.of(WorkerFlags.of(ranks), worker.getName(), arguments))
                .redirectError(log)
                .redirectOutput(rank == 0 ? Redirect.PIPE : log);
        command.environment().putAll(Seat.variables(directory, rank, ranks));
        return command;
    }

    private void explain(JobFailure cause, JobDirectory directory) {
        System.err.println("ringwood: " + cause.sentence());
        for (int rank = 0; rank < ranks; rank++) {
            boolean unexplained = cause.status() == ExitStatus.INTERNAL
                    && rank == cause.failure().rank();
            if (verbose || unexplained) {
                directory.verdict(rank).ifPresent(verdict -> System.err.println("ringwood: " + verdict.sentence()));
                printTail(rank, directory.log(rank));
            }
        }
        if (!verbose && !cause.sentence().contains(SEEN)) {
            witness(directory).ifPresent(seen -> System.err.println("ringwood: it was " + seen));
        }
    }

    /** What a survivor was doing, for a cause that the launcher knows by the exit alone. */
    private Optional<String> witness(JobDirectory directory) {
        return IntStream.range(0, ranks)
                .mapToObj(rank ->
                        directory.verdict(rank).map(JobFailure::sentence).orElse(""))
                .filter(sentence -> sentence.contains(SEEN))
                .findFirst()
                .map(sentence -> sentence.substring(sentence.indexOf(SEEN)));
    }

    private static void printTail(int rank, Path log) {
        try {
            List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            System.err.println("ringwood: the end of rank " + rank + "'s log:");
            lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()).forEach(System.err::println);
        } catch (IOException unreadable) {
            System.err.println("ringwood: rank " + rank + "'s log cannot be read: " + unreadable.getMessage());
        }
    }
}
