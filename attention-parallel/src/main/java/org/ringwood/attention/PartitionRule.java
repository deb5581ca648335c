package org.ringwood.attention;

import java.util.Locale;

/** How tokens are dealt to ranks. Every rule is legal for every length, also for fewer tokens than ranks. */
public enum PartitionRule {
    /** One run of tokens a rank, the first ranks one more. Local, but a causal mask gives the last rank most of the work. */
    CONTIGUOUS,
    /** 2P runs; rank r has runs r and 2P − 1 − r. A causal mask gives every rank the same work. */
    ZIGZAG,
    /** Blocks dealt in turn; see {@link Partition#striped(long, int)}. Evens out also irregular masks. */
    STRIPED,
    /** One run of queries a rank, cut such that the largest admitted area is as small as such a cut can make it. */
    BALANCED;

    /** Which rank owns which queries. */
    public Partition queries(Mask mask, int ranks) {
        return this == BALANCED ? Partition.balanced(mask, ranks) : deal(mask.queries(), ranks);
    }

    /**
     * Which rank owns which keys. With as many keys as queries this is the partition of the queries, since a model makes the
     * query, key and value of a token in one place. Otherwise {@link #BALANCED} deals keys as {@link #CONTIGUOUS} does: the
     * work follows the queries, and an even cut keeps the shards that travel small.
     */
    public Partition keys(Mask mask, int ranks) {
        if (mask.keys() == mask.queries()) {
            return queries(mask, ranks);
        }
        return deal(mask.keys(), ranks);
    }

    /** Which rank owns which keys where every rank attends all queries to its own keys, so that the work follows the keys. */
    public Partition keysOfAllQueries(Mask mask, int ranks) {
        return this == BALANCED ? Partition.balancedKeys(mask, ranks) : deal(mask.keys(), ranks);
    }

    private Partition deal(long tokens, int ranks) {
        return switch (this) {
            case CONTIGUOUS, BALANCED -> Partition.contiguous(tokens, ranks);
            case ZIGZAG -> Partition.zigzag(tokens, ranks);
            case STRIPED -> Partition.striped(tokens, ranks);
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
