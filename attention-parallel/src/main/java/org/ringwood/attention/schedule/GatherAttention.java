package org.ringwood.attention.schedule;

import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.kernels.DType;

/**
 * Gathered keys and values: every rank keeps its queries and gets, from each owner directly, the keys and values that they attend.
 *
 * <p><b>Cost.</b> One hop. A rank sends what the others' masks need of its shard, {@code (P−1)·n·Hkv·(d+dv)·e} bytes at most.
 * Memory: all keys and values that the rank attends. Rows that several ranks of another node need cross to one of them, which
 * passes them on in a second hop: with a full mask a rank sends {@code (R−1)·n·Hkv·(d+dv)·e} bytes across R nodes, not a block to each
 * rank there. The one that passes on holds what it passes on.
 *
 * <p><b>When.</b> Masks that need little of others' shards, such as windows and packed documents; few key heads; high latency. A
 * rank holds everything it attends, so it is not for full attention over long sequences. Scattered rows cost messages as in a
 * {@linkplain RingAttention ring}.
 *
 * <p>The all-gather form of context parallelism: Llama team, The Llama 3 Herd of Models, 2024, section 3.3.2.
 */
public final class GatherAttention implements Schedule {
    /** Gathered keys and values. */
    public GatherAttention() {}

    @Override
    public String name() {
        return "gather";
    }

    @Override
    public Plan plan(Problem problem) {
        return Arrangement.gather(problem).forward(name());
    }

    @Override
    public Plan backward(Problem problem, DType gradients) {
        return Arrangement.gather(problem).backward(name(), gradients);
    }
}
