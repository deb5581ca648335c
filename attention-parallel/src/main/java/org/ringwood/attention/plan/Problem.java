package org.ringwood.attention.plan;

import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.Partition;
import org.ringwood.attention.Ranges;
import org.ringwood.collectives.Digest;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Slice;

/**
 * What is to be computed, and who holds what. Equal problems give equal plans on every rank.
 *
 * @param shape sizes of the whole
 * @param mask which keys each query attends
 * @param queries which rank owns which queries; of no concern to a schedule that replicates them
 * @param keys which rank owns which keys
 * @param topology which ranks share a node
 */
public record Problem(AttentionShape shape, Mask mask, Partition queries, Partition keys, Topology topology) {
    /** @throws IllegalArgumentException if lengths or numbers of ranks disagree */
    public Problem {
        if (mask.queries() != shape.queries() || mask.keys() != shape.keys()) {
            throw new IllegalArgumentException("the mask is for " + mask.queries() + " queries and " + mask.keys()
                    + " keys, the shape has " + shape.queries() + " and " + shape.keys()
                    + "; make the mask for the shape");
        }
        requireFits("queries", queries, shape.queries(), topology);
        requireFits("keys", keys, shape.keys(), topology);
    }

    private static void requireFits(String what, Partition partition, long tokens, Topology topology) {
        if (partition.ranks() != topology.size() || partition.tokens() != tokens) {
            throw new IllegalArgumentException("the partition of the " + what + " is for " + partition.tokens()
                    + " tokens on " + partition.ranks() + " ranks, but there are " + tokens + " on " + topology.size());
        }
    }

    /**
     * Digest of all but the topology, which a group knows itself; equal on every rank that was given an equal problem. It takes time
     * in the slices and chunks.
     */
    public long digest() {
        long digest = Digest.of(
                shape.dtype().name(),
                shape.queries(),
                shape.keys(),
                shape.heads(),
                shape.kvHeads(),
                shape.dim(),
                shape.dimV());
        for (Slice slice : mask.slices()) {
            digest = with(digest, slice.qFrom(), slice.qTo(), slice.kFrom(), slice.kTo());
            digest = with(digest, slice.lowest(), slice.highest());
        }
        return with(digest, mask.slices().size(), digest(queries), digest(keys));
    }

    private static long digest(Partition partition) {
        long digest = Digest.of("partition", partition.ranks());
        for (int rank = 0; rank < partition.ranks(); rank++) {
            for (Chunk chunk : partition.positions(rank).chunks()) {
                digest = with(digest, rank, chunk.from(), chunk.to());
            }
        }
        return digest;
    }

    private static long with(long digest, long... numbers) {
        long all = digest;
        for (long number : numbers) {
            all = Digest.with(all, number);
        }
        return all;
    }

    /** Bytes of keys and values that queries of one rank attend and another rank owns: what must move if queries stay where they are. */
    public long bytesNeeded() {
        long rows = 0;
        for (int reader = 0; reader < ranks(); reader++) {
            Ranges needed = mask.keysNeededBy(queries.positions(reader));
            for (int owner = 0; owner < ranks(); owner++) {
                rows += owner == reader
                        ? 0
                        : needed.rowsIn(keys.positions(owner)).size();
            }
        }
        return rows
                * shape.kvHeads()
                * (shape.dim() + shape.dimV())
                * shape.dtype().bytes();
    }

    /** Number of ranks. */
    public int ranks() {
        return topology.size();
    }
}
