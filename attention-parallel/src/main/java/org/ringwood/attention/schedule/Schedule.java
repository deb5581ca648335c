package org.ringwood.attention.schedule;

import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;

/** A way of computing attention together: who holds what, what moves, and in which order things are attended and merged. */
public interface Schedule {
    /** What users call it: {@code ring}, {@code tree}, …. */
    String name();

    /** The problem with tokens dealt by a rule among ranks that are equally fast. */
    default Problem problem(AttentionShape shape, Mask mask, PartitionRule rule, Topology topology) {
        return problem(shape, mask, rule, topology, Weights.equal(topology.size()));
    }

    /**
     * The problem with tokens dealt by a rule as suits this schedule: the work follows the queries, or, where all ranks have all
     * queries, the keys, or neither.
     *
     * @param speeds how much of the work each rank is to have
     */
    default Problem problem(AttentionShape shape, Mask mask, PartitionRule rule, Topology topology, Weights speeds) {
        Weights weights = worksByTokens() ? speeds : Weights.equal(topology.size());
        return new Problem(shape, mask, rule.queries(mask, weights), rule.keys(mask, weights), topology);
    }

    /**
     * Whether a rank's work follows its tokens. Otherwise it attends heads of other ranks' tokens, too, and tokens are dealt evenly, however
     * fast the ranks are.
     */
    default boolean worksByTokens() {
        return true;
    }

    /** Whether every rank has all queries and gets all output, in place of its shard of them. */
    default boolean replicatesQueries() {
        return false;
    }

    /** The plan for a problem; every problem has one. Equal problems give equal plans. */
    Plan plan(Problem problem);

    /**
     * The plan for the gradients of what {@link #plan} computes. Every rank brings its tensors of the attention and the gradients of its
     * output, and gets those of its queries, keys and values. They are summed up in f32, also on the wire.
     *
     * @param gradients the caller's dtype of the gradients of queries, keys and values, to which they are rounded in the end
     */
    Plan backward(Problem problem, DType gradients);
}
