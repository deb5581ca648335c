package org.ringwood.runtime.worker;

import java.util.concurrent.Callable;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.Progress;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.planning.Decision;
import org.ringwood.runtime.planning.Planner;

/** What ranks do before they attend: long work of one thread each, beside which they are still seen to be alive. */
record Planning(Coordination coordination, ProcessGroup group) {
    /** Does some of it. */
    <T> T work(Callable<T> work) {
        coordination.tell(new Progress("planning", 0, 0));
        return Aside.compute(group, "planning", work);
    }

    /** Rank 0 decides what {@code auto} leaves open, so that all do the same; every rank calls this. */
    Decision decide(Planner planner, Job.Schedule schedule, Job.Partition partition) {
        String mine = group.rank() == 0
                ? work(() -> planner.decide(schedule, partition).encode())
                : "";
        return Decision.decode(Gathering.texts(group, mine).getFirst());
    }
}
