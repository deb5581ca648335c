package org.ringwood.runtime.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.sweep.Pending;
import org.ringwood.runtime.sweep.Row;
import org.ringwood.runtime.sweep.Sweep;
import org.ringwood.runtime.worker.Seat;
import org.ringwood.runtime.worker.SweepProcess;
import org.ringwood.runtime.worker.SweepTask;
import org.ringwood.runtime.worker.ThreadedSweep;

/**
 * A sweep on this machine: worker processes are started once for each number of workers, and ranks that are threads once for each
 * number of workers and nodes. Over MPI there is a rank at most, this process, if a launcher has started it.
 *
 * @param worker main class of a worker
 * @param processes of a row that is measured; empty for all
 * @param sole the place of this process, if it may be a rank itself
 * @param verbose whether all logs are shown if something fails
 */
record LocalSweep(
        Class<?> worker,
        SweepTask task,
        Sweep sweep,
        Optional<Integer> processes,
        Optional<Seat> sole,
        boolean verbose) {
    private enum Ranks {
        THREADS,
        WORKERS,
        THIS_PROCESS;

        static Ranks of(Job.Transport transport) {
            return switch (transport) {
                case INPROCESS -> THREADS;
                case AUTO, SHM, AERON -> WORKERS;
                case MPI, SHM_MPI -> THIS_PROCESS;
            };
        }
    }

    /** Rows that are measured by the same ranks. */
    private record Crew(Ranks ranks, int workers, int nodes) {
        static Crew of(Row row) {
            return new Crew(Ranks.of(row.job().transport()), row.workers(), row.nodes());
        }
    }

    ExitStatus run() throws InterruptedException {
        Pending pending = task.pending(sweep).ofProcesses(processes);
        Pending here = pending.only(this::fits);
        explainOthers(pending, here);
        ExitStatus worst = ExitStatus.DONE;
        for (Crew crew : here.rows().stream().map(Crew::of).distinct().toList()) {
            ExitStatus status = run(crew, here.only(row -> Crew.of(row).equals(crew)));
            if (status != ExitStatus.DONE) {
                worst = status;
            }
            if (status != ExitStatus.DONE && status != ExitStatus.VERIFICATION_FAILED) {
                break;
            }
        }
        return worst;
    }

    private ExitStatus run(Crew crew, Pending rows) throws InterruptedException {
        return switch (crew.ranks()) {
            case THREADS -> ThreadedSweep.run(task, sweep, rows, verbose);
            case WORKERS ->
                new LocalJob(
                                worker,
                                BenchCommand.arguments("sweep", task.arguments()),
                                crew.workers(),
                                Optional.empty(),
                                rows.rows().getFirst().job().timeouts(),
                                verbose)
                        .run();
            case THIS_PROCESS -> SweepProcess.run(sole.orElseThrow(), task, LocalSweep::isOfMpi, verbose);
        };
    }

    private boolean fits(Row row) {
        return switch (row.job().transport()) {
            case INPROCESS -> true;
            case AUTO, SHM, AERON -> row.nodes() == 1 && hasThreads(row);
            case MPI, SHM_MPI -> sole.isPresent() && row.workers() == 1 && hasThreads(row);
        };
    }

    private static boolean isOfMpi(Row row) {
        return row.job().transport().needsMpi();
    }

    /** One process with the threads of many workers: where there are no cores for them, it does not exist. */
    private static boolean hasThreads(Row row) {
        int cores = Runtime.getRuntime().availableProcessors();
        return row.workers() > 1 || row.job().threads().orElse(1) <= cores;
    }

    private void explainOthers(Pending pending, Pending here) {
        List<String> others = new ArrayList<>();
        count(pending, row -> isOfMpi(row) && !fits(row))
                .ifPresent(
                        count -> others.add(count + " rows go over MPI: start the sweep by mpirun or srun --mpi=pmix"));
        count(pending, row -> row.nodes() > 1 && !fits(row) && !isOfMpi(row))
                .ifPresent(count -> others.add(
                        count + " rows need several nodes: start the sweep there by srun or mpirun, a rank a worker"));
        count(pending, row -> row.nodes() == 1 && !fits(row) && !isOfMpi(row))
                .ifPresent(count -> others.add(count + " rows want more threads than this machine has cores"));
        if (here.isEmpty()) {
            others.add("nothing is to be measured here");
        }
        others.forEach(sentence -> System.err.println("ringwood: " + sentence));
    }

    private static Optional<Integer> count(Pending pending, Predicate<Row> of) {
        int count = pending.only(of).rows().size();
        return count == 0 ? Optional.empty() : Optional.of(count);
    }
}
