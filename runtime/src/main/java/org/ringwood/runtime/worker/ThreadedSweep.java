package org.ringwood.runtime.worker;

import java.util.Optional;
import org.ringwood.collectives.Topology;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.sweep.Pending;
import org.ringwood.runtime.sweep.Row;
import org.ringwood.runtime.sweep.Sweep;

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
        Topology topology = Topology.spread(workers, nodes);
        Surroundings surroundings = Surroundings.ofThreads(nodes);
        ThreadedJob.Part part = (coordination, group) -> {
            Optional<String> wrong = new GroupSweep(sweep, coordination, group, task.out(), surroundings).run(todo);
            group.barrier();
            coordination.conclude();
            return End.verified(coordination, wrong);
        };
        return new ThreadedJob(any.job(), topology, part, () -> {}).run(verbose);
    }
}
