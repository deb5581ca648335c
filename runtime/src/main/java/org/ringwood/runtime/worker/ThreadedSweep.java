package org.ringwood.runtime.worker;

import java.util.Optional;
import java.util.stream.IntStream;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Topology;
import org.ringwood.runtime.cluster.LocalCoordination;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;
import org.ringwood.runtime.sweep.Pending;
import org.ringwood.runtime.sweep.Row;
import org.ringwood.runtime.sweep.Sweep;
import org.ringwood.runtime.worker.RankProgram.End;

/** Rows of a sweep whose ranks are threads of this process, some of which may count as being on other nodes. */
public final class ThreadedSweep {
    private ThreadedSweep() {}

    /**
     * Measures rows that have as many workers and nodes as each other.
     *
     * @param todo not empty
     * @param verbose whether stack traces are shown
     */
    public static ExitStatus run(SweepTask task, Sweep sweep, Pending todo, boolean verbose) {
        Row any = todo.rows().getFirst();
        int workers = any.workers();
        int nodes = any.nodes();
        Topology topology = new Topology(IntStream.range(0, workers)
                .mapToObj(rank -> "node" + (long) rank * nodes / workers)
                .toList());
        Surroundings surroundings = Surroundings.ofThreads(nodes);
        ThreadedJob.Part part = (coordination, group) ->
                play(new GroupSweep(sweep, coordination, group, task.out(), surroundings), todo, coordination, group);
        return new ThreadedJob(any.job(), topology, part, () -> {}).run(verbose);
    }

    private static End play(GroupSweep rows, Pending todo, LocalCoordination coordination, ProcessGroup group) {
        try {
            Optional<String> wrong = rows.run(todo);
            group.barrier();
            coordination.conclude();
            return wrong.map(sentence -> End.of(new JobFailure(
                            coordination.me().failure(Failure.Cause.ERROR, sentence), ExitStatus.VERIFICATION_FAILED)))
                    .orElseGet(End::done);
        } catch (RuntimeException | Error thrown) {
            JobFailure mine = Classification.of(thrown, coordination.me());
            coordination.fail(mine);
            group.fail(thrown);
            JobFailure first = coordination.failure();
            return End.failed(first == null ? mine : first, thrown);
        }
    }
}
