package org.ringwood.attention.schedule;

import java.util.stream.IntStream;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.kernels.DType;

/**
 * Ulysses within groups of ranks, a ring among the groups: U ranks exchange rows for heads, then blocks of U shards go around R = P/U
 * groups, each rank moving its own heads only.
 *
 * <p><b>Cost.</b> R + 1 hops if both are larger than 1: the exchange, R − 1 blocks, the way home. Bytes are those of Ulysses
 * among U ranks, and {@code (R−1)·U·n·kv_r·(d+dv)·e} for the blocks, where the rank takes {@code kv_r} key heads.
 *
 * <p><b>When.</b> More ranks than heads, or several nodes: heads over the fast links within a node, blocks over the slow ones,
 * hidden behind the attention. As with {@linkplain UlyssesAttention Ulysses} all wait for the slowest rank.
 *
 * <p>Fang, Zhao: USP: A Unified Sequence Parallelism Approach for Long Context Generative AI, 2024.
 */
public final class HybridAttention implements Schedule {
    private final int headRanks;

    /** Chooses U: see {@link #headRanks(Problem)}. */
    public HybridAttention() {
        this(0);
    }

    /**
     * With U given.
     *
     * @param headRanks ranks among which heads are exchanged; must divide the number of ranks. 0 chooses
     */
    public HybridAttention(int headRanks) {
        if (headRanks < 0) {
            throw new IllegalArgumentException("heads cannot be exchanged among " + headRanks + " ranks; 0 chooses");
        }
        this.headRanks = headRanks;
    }

    @Override
    public String name() {
        return "hybrid";
    }

    @Override
    public boolean worksByTokens() {
        return false;
    }

    /**
     * The U that is taken: of the divisors of P the largest that is not P itself, leaves each rank a key head of its own and keeps groups
     * within nodes. Where only 1 fits, as with a prime P, it is 1, a ring.
     */
    public int headRanks(Problem problem) {
        if (headRanks > 0) {
            return headRanks;
        }
        int ranks = problem.ranks();
        return IntStream.range(1, ranks)
                .filter(u -> ranks % u == 0 && u <= problem.shape().kvHeads() && withinNodes(problem, u))
                .max()
                .orElse(1);
    }

    private static boolean withinNodes(Problem problem, int members) {
        Grid grid = new Grid(problem, members);
        return IntStream.range(0, problem.ranks())
                .allMatch(rank -> problem.topology().sameNode(rank, grid.rank(grid.group(rank), 0)));
    }

    @Override
    public Plan plan(Problem problem) {
        return Arrangement.ring(problem, headRanks(problem)).forward(name());
    }

    @Override
    public Plan backward(Problem problem, DType gradients) {
        return Arrangement.ring(problem, headRanks(problem)).backward(name(), gradients);
    }
}
