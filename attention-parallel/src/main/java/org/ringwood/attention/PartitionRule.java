package org.ringwood.attention;

import java.util.Locale;

/**
 * How tokens are dealt to ranks, in equal parts or by weight. Every rule is legal for every length, also for fewer tokens than ranks, and
 * for all weights: a rank's part of the tokens, with {@link #BALANCED} of the admitted area, follows its weight.
 */
public enum PartitionRule {
    /** One run of tokens a rank, the first ranks one more. Local, but a causal mask gives the last rank most of the work. */
    CONTIGUOUS,
    /** 2P runs; rank r has runs r and 2P − 1 − r. A causal mask gives every rank the same work. */
    ZIGZAG,
    /** Blocks dealt in turn; see {@link Partition#striped(long, int)}. Evens out also irregular masks. */
    STRIPED,
    /** One run of queries a rank, cut such that the largest admitted area is as small as such a cut can make it. */
    BALANCED;

    /** Which rank owns which queries, all ranks alike. */
    public Partition queries(Mask mask, int ranks) {
        return queries(mask, Weights.equal(ranks));
    }

    /** Which rank owns which queries. */
    public Partition queries(Mask mask, Weights weights) {
        return this == BALANCED ? Partition.balanced(mask, weights) : deal(mask.queries(), weights);
    }

    /** Which rank owns which keys, all ranks alike; see {@link #keys(Mask, Weights)}. */
    public Partition keys(Mask mask, int ranks) {
        return keys(mask, Weights.equal(ranks));
    }

    /**
     * Which rank owns which keys. With as many keys as queries this is the partition of the queries, since a model makes the
     * query, key and value of a token in one place. Otherwise the work follows the queries alone, and keys are dealt evenly, {@link #BALANCED}
     * as {@link #CONTIGUOUS}: that keeps the shards that travel small.
     */
    public Partition keys(Mask mask, Weights weights) {
        if (mask.keys() == mask.queries()) {
            return queries(mask, weights);
        }
        return deal(mask.keys(), Weights.equal(weights.ranks()));
    }

    /** As {@link #keysOfAllQueries(Mask, Weights)}, all ranks alike. */
    public Partition keysOfAllQueries(Mask mask, int ranks) {
        return keysOfAllQueries(mask, Weights.equal(ranks));
    }

    /** Which rank owns which keys where every rank attends all queries to its own keys, so that the work follows the keys. */
    public Partition keysOfAllQueries(Mask mask, Weights weights) {
        return this == BALANCED ? Partition.balancedKeys(mask, weights) : deal(mask.keys(), weights);
    }

    private Partition deal(long tokens, Weights weights) {
        return switch (this) {
            case CONTIGUOUS, BALANCED -> Partition.contiguous(tokens, weights);
            case ZIGZAG -> Partition.zigzag(tokens, weights);
            case STRIPED -> Partition.striped(tokens, weights);
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
