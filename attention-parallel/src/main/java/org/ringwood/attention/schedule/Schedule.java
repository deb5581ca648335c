package org.ringwood.attention.schedule;

import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.collectives.Topology;

/** A way of computing attention together: who holds what, what moves, and in which order things are attended and merged. */
public interface Schedule {
    /** What users call it: {@code ring}, {@code tree}, …. */
    String name();

    /**
     * The problem with tokens dealt by a rule as suits this schedule: the work follows the queries, or, where all ranks have all
     * queries, the keys.
     */
    default Problem problem(AttentionShape shape, Mask mask, PartitionRule rule, Topology topology) {
        int ranks = topology.size();
        return new Problem(shape, mask, rule.queries(mask, ranks), rule.keys(mask, ranks), topology);
    }

    /** Whether every rank has all queries and gets all output, in place of its shard of them. */
    default boolean replicatesQueries() {
        return false;
    }

    /** The plan for a problem; every problem has one. Equal problems give equal plans. */
    Plan plan(Problem problem);
}
