package org.ringwood.attention;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;

/**
 * Which rank owns which tokens of a sequence, and in which order: row {@code i} of rank {@code r}'s tensors is the token at
 * {@code positions(r).position(i)}. Every token has exactly one owner. Shards may be uneven or empty.
 */
public final class Partition {
    /** Blocks that {@link #striped(long, int)} gives a rank at most. */
    public static final int STRIPES = 16;

    private final long tokens;
    private final List<Positions> shards;

    private Partition(long tokens, List<Positions> shards) {
        this.tokens = tokens;
        this.shards = shards;
    }

    /**
     * A partition by a table of one's own.
     *
     * @param tokens length of the sequence
     * @param shards for every rank its chunks, in the order of its rows
     * @throws IllegalArgumentException if a token has no owner or two, or there is no rank
     */
    public static Partition of(long tokens, List<List<Chunk>> shards) {
        requireRanks(shards.size());
        List<Positions> positions = shards.stream().map(Positions::of).toList();
        List<Chunk> all = shards.stream()
                .flatMap(List::stream)
                .filter(chunk -> chunk.length() > 0)
                .sorted((a, b) -> Long.compare(a.from(), b.from()))
                .toList();
        long next = 0;
        for (Chunk chunk : all) {
            requireNext(chunk.from(), next);
            next = chunk.to();
        }
        requireNext(tokens, next);
        return new Partition(tokens, positions);
    }

    private static void requireNext(long from, long next) {
        if (from != next) {
            throw new IllegalArgumentException(
                    "tokens [" + Math.min(from, next) + ", " + Math.max(from, next) + ") have "
                            + (from > next ? "no owner" : "two owners, or lie beyond the sequence")
                            + "; give every token to one rank");
        }
    }

    private static void requireRanks(int ranks) {
        if (ranks < 1) {
            throw new IllegalArgumentException("a partition among " + ranks + " ranks has no owners; give at least 1");
        }
    }

    /** One run of tokens a rank; the first {@code tokens % ranks} ranks have one token more. */
    public static Partition contiguous(long tokens, int ranks) {
        return contiguous(tokens, Weights.equal(ranks));
    }

    /** One run of tokens a rank, as long as its weight says. */
    public static Partition contiguous(long tokens, Weights weights) {
        return of(tokens, runs(tokens, weights).stream().map(List::of).toList());
    }

    /** 2P runs, the first ones one token longer where they do not divide; rank r has run r, then run 2P − 1 − r. */
    public static Partition zigzag(long tokens, int ranks) {
        return zigzag(tokens, Weights.equal(ranks));
    }

    /**
     * As {@link #zigzag(long, int)}, but both runs of a rank are as long as its weight says. They lie alike about the middle of the
     * sequence, so that with a causal mask, too, its admitted area follows its weight.
     */
    public static Partition zigzag(long tokens, Weights weights) {
        int ranks = weights.ranks();
        List<Chunk> runs = runs(tokens, weights.thereAndBack());
        return of(
                tokens,
                IntStream.range(0, ranks)
                        .mapToObj(rank -> List.of(runs.get(rank), runs.get(2 * ranks - 1 - rank)))
                        .toList());
    }

    /** Blocks dealt in turn, of the smallest length that gives no rank more than {@link #STRIPES}. */
    public static Partition striped(long tokens, int ranks) {
        return striped(tokens, Weights.equal(ranks));
    }

    /**
     * As {@link #striped(long, int)}, but the blocks of a rank are as long as its weight says, all rounds together: where that is no
     * whole number of tokens, they differ by one.
     */
    public static Partition striped(long tokens, Weights weights) {
        return striped(tokens, weights, Math.max(1, Math.ceilDiv(tokens, (long) STRIPES * weights.ranks())));
    }

    /**
     * Blocks of {@code block} tokens, the last maybe shorter, dealt to the ranks in turn (block-cyclic).
     *
     * @throws IllegalArgumentException if the block is empty
     */
    public static Partition striped(long tokens, int ranks, long block) {
        if (block < 1) {
            throw new IllegalArgumentException("stripes of " + block + " tokens are empty; give at least 1");
        }
        return striped(tokens, Weights.equal(ranks), block);
    }

    /** Rounds of as many tokens as equal blocks would have. */
    private static Partition striped(long tokens, Weights weights, long block) {
        long round = Math.multiplyExact(block, weights.ranks());
        List<List<Chunk>> shards = emptyShards(weights.ranks());
        long[] dealt = new long[weights.ranks()];
        for (long from = 0, end = round; from < tokens; end += round) {
            long[] shares = weights.shares(end);
            for (int rank = 0; rank < shares.length && from < tokens; rank++) {
                long to = Math.min(from + shares[rank] - dealt[rank], tokens);
                shards.get(rank).add(new Chunk(from, to));
                from = to;
            }
            dealt = shares;
        }
        return of(tokens, shards);
    }

    /**
     * One run of queries a rank. No cut into runs has a smaller largest area, so it is never worse than
     * {@link #contiguous}; among the cuts that reach it, this is the one nearest to runs of equal length.
     */
    public static Partition balanced(Mask mask, int ranks) {
        return balanced(mask, Weights.equal(ranks));
    }

    /**
     * As {@link #balanced(Mask, int)}, but of a rank's area over its weight: no cut into runs has a smaller largest one, and this is the one
     * nearest to {@link #contiguous(long, Weights)}.
     */
    public static Partition balanced(Mask mask, Weights weights) {
        return of(mask.queries(), RowAreas.ofQueries(mask), weights);
    }

    /** As {@link #balanced(Mask, int)}, but of keys: for ranks that each attend all queries to their own keys. */
    public static Partition balancedKeys(Mask mask, int ranks) {
        return balancedKeys(mask, Weights.equal(ranks));
    }

    /** As {@link #balanced(Mask, Weights)}, but of keys: for ranks that each attend all queries to their own keys. */
    public static Partition balancedKeys(Mask mask, Weights weights) {
        return of(mask.keys(), RowAreas.ofKeys(mask), weights);
    }

    private static Partition of(long tokens, RowAreas areas, Weights weights) {
        return of(tokens, areas.balancedRuns(weights).stream().map(List::of).toList());
    }

    private static List<List<Chunk>> emptyShards(int ranks) {
        return Stream.<List<Chunk>>generate(ArrayList::new).limit(ranks).toList();
    }

    private static List<Chunk> runs(long tokens, Weights weights) {
        List<Chunk> chunks = new ArrayList<>(weights.ranks());
        long from = 0;
        for (long length : weights.shares(tokens)) {
            chunks.add(new Chunk(from, from + length));
            from += length;
        }
        return chunks;
    }

    /** Length of the sequence. */
    public long tokens() {
        return tokens;
    }

    /** Number of ranks. */
    public int ranks() {
        return shards.size();
    }

    /** Number of tokens of a rank. */
    public long rows(int rank) {
        return shards.get(rank).rows();
    }

    /** Global positions of a rank's tokens, in row order. */
    public Positions positions(int rank) {
        return shards.get(rank);
    }

    /**
     * Positions of a rank's tokens counted from the start of the document that each belongs to, one a row.
     *
     * @param documents cumulative lengths from 0 to the number of tokens
     */
    public long[] positionsInDocument(int rank, List<Long> documents) {
        DocumentBounds bounds = DocumentBounds.of(documents, "tokens", tokens);
        long[] inDocument = new long[Math.toIntExact(rows(rank))];
        int row = 0;
        for (Chunk chunk : shards.get(rank).chunks()) {
            for (Chunk part : bounds.cut(chunk)) {
                long start = bounds.documentAt(part.from()).from();
                for (long position = part.from(); position < part.to(); position++) {
                    inDocument[row++] = position - start;
                }
            }
        }
        return inDocument;
    }

    /** Admitted pairs of every rank's queries, this being a partition of the mask's queries. */
    public long[] areas(Mask mask) {
        Positions allKeys = Positions.range(0, mask.keys());
        return shards.stream()
                .mapToLong(positions -> mask.extract(positions, allKeys).area())
                .toArray();
    }

    /** Largest area of a rank over the mean: 1 is perfect balance, also of a mask that admits nothing. */
    public double imbalance(Mask mask) {
        long largest = 0;
        for (long area : areas(mask)) {
            largest = Math.max(largest, area);
        }
        return mask.area() == 0 ? 1 : (double) largest * ranks() / mask.area();
    }

    /**
     * Copies a rank's tokens out of a whole sequence.
     *
     * @param whole {@code tokens × bytesPerToken} bytes in natural order
     * @param shard {@code rows(rank) × bytesPerToken} bytes in row order, overwritten
     */
    public void shard(int rank, MemorySegment whole, MemorySegment shard, long bytesPerToken) {
        requireSizes(rank, whole, shard, bytesPerToken);
        Positions rows = shards.get(rank);
        for (int i = 0; i < rows.chunks().size(); i++) {
            Chunk chunk = rows.chunks().get(i);
            MemorySegment.copy(
                    whole,
                    chunk.from() * bytesPerToken,
                    shard,
                    rows.firstRow(i) * bytesPerToken,
                    chunk.length() * bytesPerToken);
        }
    }

    /**
     * Copies a rank's tokens to their places in a whole sequence, the inverse of {@link #shard(int, MemorySegment, MemorySegment, long)}.
     *
     * @param shard {@code rows(rank) × bytesPerToken} bytes in row order
     * @param whole {@code tokens × bytesPerToken} bytes in natural order; only this rank's tokens are overwritten
     */
    public void unshard(int rank, MemorySegment shard, MemorySegment whole, long bytesPerToken) {
        requireSizes(rank, whole, shard, bytesPerToken);
        Positions rows = shards.get(rank);
        for (int i = 0; i < rows.chunks().size(); i++) {
            Chunk chunk = rows.chunks().get(i);
            MemorySegment.copy(
                    shard,
                    rows.firstRow(i) * bytesPerToken,
                    whole,
                    chunk.from() * bytesPerToken,
                    chunk.length() * bytesPerToken);
        }
    }

    private void requireSizes(int rank, MemorySegment whole, MemorySegment shard, long bytesPerToken) {
        requireSize("a whole sequence", whole.byteSize(), tokens, bytesPerToken);
        requireSize("the shard of rank " + rank, shard.byteSize(), rows(rank), bytesPerToken);
    }

    private static void requireSize(String what, long bytes, long rows, long bytesPerToken) {
        if (bytes != Math.multiplyExact(rows, bytesPerToken)) {
            throw new IllegalArgumentException(what + " of " + rows + " tokens at " + bytesPerToken + " bytes has "
                    + rows * bytesPerToken + " bytes, not " + bytes + "; give memory of that size");
        }
    }

    /** A rank's part of one number a token. */
    public long[] shard(int rank, long[] whole) {
        long[] shard = new long[Math.toIntExact(rows(rank))];
        shard(rank, MemorySegment.ofArray(whole), MemorySegment.ofArray(shard), Long.BYTES);
        return shard;
    }

    /** A rank's part of one number a token. */
    public int[] shard(int rank, int[] whole) {
        int[] shard = new int[Math.toIntExact(rows(rank))];
        shard(rank, MemorySegment.ofArray(whole), MemorySegment.ofArray(shard), Integer.BYTES);
        return shard;
    }

    /** A rank's part of one number a token. */
    public float[] shard(int rank, float[] whole) {
        float[] shard = new float[Math.toIntExact(rows(rank))];
        shard(rank, MemorySegment.ofArray(whole), MemorySegment.ofArray(shard), Float.BYTES);
        return shard;
    }

    /** Puts a rank's numbers, one a token, to their places in {@code whole}. */
    public void unshard(int rank, long[] shard, long[] whole) {
        unshard(rank, MemorySegment.ofArray(shard), MemorySegment.ofArray(whole), Long.BYTES);
    }

    /** Puts a rank's numbers, one a token, to their places in {@code whole}. */
    public void unshard(int rank, int[] shard, int[] whole) {
        unshard(rank, MemorySegment.ofArray(shard), MemorySegment.ofArray(whole), Integer.BYTES);
    }

    /** Puts a rank's numbers, one a token, to their places in {@code whole}. */
    public void unshard(int rank, float[] shard, float[] whole) {
        unshard(rank, MemorySegment.ofArray(shard), MemorySegment.ofArray(whole), Float.BYTES);
    }

    /**
     * A rank's part of the labels for predicting the next token: the label of a token is the token after it, also where that
     * one lies on another rank. The last token of a document has {@code none}. Labels shifted after sharding would lose a
     * token at every border of a chunk.
     *
     * @param wholeTokens ids of the whole sequence, in natural order
     * @param documents cumulative lengths from 0 to the number of tokens
     */
    public long[] shardNextTokens(int rank, long[] wholeTokens, List<Long> documents, long none) {
        DocumentBounds bounds = DocumentBounds.of(documents, "tokens", tokens);
        requireSize("a whole sequence", (long) wholeTokens.length * Long.BYTES, tokens, Long.BYTES);
        long[] labels = new long[Math.toIntExact(rows(rank))];
        int row = 0;
        for (Chunk chunk : shards.get(rank).chunks()) {
            for (Chunk part : bounds.cut(chunk)) {
                int length = Math.toIntExact(part.length());
                boolean ends = part.to() == bounds.documentAt(part.from()).to();
                System.arraycopy(wholeTokens, (int) part.from() + 1, labels, row, ends ? length - 1 : length);
                row += length;
                if (ends) {
                    labels[row - 1] = none;
                }
            }
        }
        return labels;
    }

    /** Whether the table is the same, also if it came about by another rule. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Partition that && tokens == that.tokens && shards.equals(that.shards);
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(tokens) + shards.hashCode();
    }

    @Override
    public String toString() {
        return tokens + " tokens: " + shards;
    }
}
