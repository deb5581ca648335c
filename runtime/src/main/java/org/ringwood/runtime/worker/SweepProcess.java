package org.ringwood.runtime.worker;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.process.ProgressDisplay;
import org.ringwood.runtime.sweep.Pending;
import org.ringwood.runtime.sweep.Row;
import org.ringwood.runtime.sweep.Sweep;

/** A process that is one rank of a sweep: measures the rows that fit the ranks and nodes that there are. */
public final class SweepProcess {
    private final Seat seat;
    private final SweepTask task;
    private final Sweep sweep;
    private final List<Row> rows;

    private SweepProcess(Seat seat, SweepTask task, Predicate<Row> wanted) {
        this.seat = seat;
        this.task = task;
        this.sweep = task.read();
        this.rows = sweep.rows().stream()
                .filter(row -> row.workers() == seat.size() && isOfProcesses(row) && wanted.test(row))
                .toList();
    }

    /**
     * Runs this process's rank.
     *
     * @param wanted rows among those that these ranks could measure
     * @param verbose whether stack traces are shown where there is no log for them
     */
    public static ExitStatus run(Seat seat, SweepTask task, Predicate<Row> wanted, boolean verbose) {
        SweepProcess process = new SweepProcess(seat, task, wanted);
        return WorkerProcess.run(
                seat, process::anyJob, verbose, (any, coordination, groups) -> process.play(any, coordination, groups));
    }

    /** All rows meet alike and wait alike. */
    private Job anyJob() {
        return rows.stream()
                .findFirst()
                .map(Row::job)
                .orElseThrow(() -> new InputException(task.file() + " has no row for the " + seat.size()
                        + " ranks that were started: it has rows for " + numbers() + " workers"));
    }

    private String numbers() {
        return sweep.rows().stream()
                .filter(SweepProcess::isOfProcesses)
                .map(Row::workers)
                .distinct()
                .sorted()
                .map(String::valueOf)
                .collect(Collectors.joining(", "));
    }

    private static boolean isOfProcesses(Row row) {
        return row.job().transport() != Job.Transport.INPROCESS;
    }

    private End play(Job any, Coordination coordination, Groups groups) {
        Agreement.on(
                coordination,
                sweep.digest(),
                "different sweeps: start all ranks with the same sweep file and --set options",
                any.timeouts().join());
        int nodes = groups.topology().nodeCount();
        List<Row> fitting = rows.stream().filter(row -> row.nodes() == nodes).toList();
        if (fitting.isEmpty()) {
            throw new InputException(task.file() + " has rows for " + seat.size() + " workers, but none on " + nodes
                    + " nodes: start them on as many nodes as axes.nodes says");
        }
        Optional<String> wrong = Optional.empty();
        for (Job.Transport transport :
                fitting.stream().map(row -> row.job().transport()).distinct().toList()) {
            List<Row> over = fitting.stream()
                    .filter(row -> row.job().transport() == transport)
                    .toList();
            Optional<String> here = measure(transport, over, coordination, groups);
            wrong = wrong.or(() -> here);
        }
        coordination.conclude();
        return End.verified(coordination, wrong);
    }

    private Optional<String> measure(
            Job.Transport transport, List<Row> some, Coordination coordination, Groups groups) {
        return groups.during(transport, group -> {
            try (@Nullable ProgressFeed _ = progress(coordination)) {
                return measure(some, coordination, group);
            }
        });
    }

    private Optional<String> measure(List<Row> some, Coordination coordination, ProcessGroup group) {
        // Files that other nodes wrote may show late, so that one rank looks for all.
        String mine =
                seat.rank() == 0 ? task.pending(sweep).only(some::contains).encode() : "";
        Pending todo = Pending.decode(sweep, Gathering.texts(group, mine).getFirst());
        Optional<String> wrong =
                new GroupSweep(sweep, coordination, group, task.out(), Surroundings.of(seat)).run(todo);
        group.barrier();
        return wrong;
    }

    private @Nullable ProgressFeed progress(Coordination coordination) {
        return seat.rank() > 0 ? null : new ProgressFeed(coordination, ProgressDisplay.ofRankZero(seat.directory()));
    }
}
