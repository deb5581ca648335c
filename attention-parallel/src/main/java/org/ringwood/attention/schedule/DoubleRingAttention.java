package org.ringwood.attention.schedule;

import java.math.BigInteger;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.kernels.DType;

/**
 * Double ring attention: a ring inside each node, and a ring of nodes. Blocks of keys and values go around inside their node; meanwhile
 * every rank sends its own to the rank at its place of the next node, where they go around in turn. The links within nodes and
 * those across are busy at the same time, and a block has the time of a whole inner round to cross.
 *
 * <p><b>Cost.</b> Nodes of w ranks, R = P/w of them: P − 1 hops and {@code (P−1)·n·Hkv·(d+dv)·e} bytes sent a rank with a full mask,
 * as in the {@linkplain RingAttention ring}; of these {@code (R−1)·n·Hkv·(d+dv)·e} cross, from every rank alike, where the ring
 * sends all that crosses, {@code (P−1)·n·Hkv·(d+dv)·e} a node, from one rank. With any other mask only rows travel that a later rank
 * on the way needs. Memory: the shard and four blocks, two for each level.
 *
 * <p><b>When.</b> Several nodes with several ranks each, above all where each rank has a network card of its own. Nodes with unlike
 * numbers of ranks have inner rings of the greatest common divisor of these numbers; where that is 1, as on one node alone, this is
 * the plain ring.
 *
 * <p>Gu et al.: LoongTrain: Efficient Training of Long-Sequence LLMs with Head-Context Parallelism, 2024, section 4.
 */
public final class DoubleRingAttention implements Schedule {
    private final int innerRanks;

    /** Chooses w: see {@link #innerRanks(Problem)}. */
    public DoubleRingAttention() {
        this(0);
    }

    /**
     * With w given.
     *
     * @param innerRanks ranks in an inner ring; must divide the number of ranks. 0 chooses
     */
    public DoubleRingAttention(int innerRanks) {
        if (innerRanks < 0) {
            throw new IllegalArgumentException("an inner ring cannot have " + innerRanks + " ranks; 0 chooses");
        }
        this.innerRanks = innerRanks;
    }

    @Override
    public String name() {
        return "double-ring";
    }

    /** The w that is taken: the greatest with which every inner ring lies within a node. */
    public int innerRanks(Problem problem) {
        if (innerRanks > 0) {
            return innerRanks;
        }
        return problem.topology().ranksByNode().stream()
                .map(ranks -> BigInteger.valueOf(ranks.size()))
                .reduce(BigInteger.ZERO, BigInteger::gcd)
                .intValueExact();
    }

    @Override
    public Plan plan(Problem problem) {
        return Arrangement.doubleRing(problem, innerRanks(problem)).forward(name());
    }

    @Override
    public Plan backward(Problem problem, DType gradients) {
        return Arrangement.doubleRing(problem, innerRanks(problem)).backward(name(), gradients);
    }
}
