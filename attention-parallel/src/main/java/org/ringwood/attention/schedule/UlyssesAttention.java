package org.ringwood.attention.schedule;

import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.kernels.DType;

/**
 * Ulysses: ranks exchange rows for heads. Every rank gets all rows of some heads, attends them as if it were alone, and sends each
 * row's output home.
 *
 * <p><b>Cost.</b> Two hops. Rank r sends {@code e·n·Σ_{s≠r}[hq_s·d + kv_s·(d+dv)] + (N−n)·hq_r·(dv·e+4)} bytes, where rank s takes
 * {@code hq_s} query heads and the {@code kv_s} key heads that they read: about a P-th of what the ring sends, with many ranks.
 * Key heads are replicated where there are fewer of them than ranks; ranks beyond the number of query heads attend nothing.
 *
 * <p><b>When.</b> Fast links, heads enough for all ranks. It balances every mask, needs no particular partition, and overlaps
 * nothing: the exchange is waited for. Every rank attends as many heads, however fast it is: all wait for the slowest.
 *
 * <p>Jacobs et al.: DeepSpeed Ulysses, 2023.
 */
public final class UlyssesAttention implements Schedule {
    /** Ulysses. */
    public UlyssesAttention() {}

    @Override
    public String name() {
        return "ulysses";
    }

    @Override
    public boolean worksByTokens() {
        return false;
    }

    @Override
    public Plan plan(Problem problem) {
        return Arrangement.ring(problem, problem.ranks()).forward(name());
    }

    @Override
    public Plan backward(Problem problem, DType gradients) {
        return Arrangement.ring(problem, problem.ranks()).backward(name(), gradients);
    }
}
