package org.ringwood.kernels;

import java.util.List;

/**
 * One accumulation of attention: every query row is attended to the keys that the slices admit for its position, and what
 * comes out is merged into {@code state}. Pairs outside the slices, and tiles they leave empty, cost nothing.
 *
 * <p>With Hq query and Hkv key heads, no more than Hq, query head {@code h} reads key head {@code h * Hkv / Hq} (integer division); Hq need not
 * be a multiple of Hkv. Scores are {@code scale * (q · k)}, with a softcap {@code c > 0} then {@code c * tanh(score / c)}.
 *
 * @param queries {@code [rows, Hq, d]}
 * @param keys {@code [keyRows, Hkv, d]}, of the queries' dtype
 * @param values {@code [keyRows, Hkv, dv]}, of the queries' dtype
 * @param queryPositions global position of every query row
 * @param keyPositions global position of every key row
 * @param slices disjoint slices of global positions
 * @param scale factor of the scores
 * @param softcap bound of the scores, 0 for none
 * @param dropout which of the weights are dropped; {@code sum} has them all, {@code out} the kept ones
 * @param state {@code rows × Hq} states over dv, accumulated in place
 * @param cancellation looked at every 100 ms at most; a cancelled call ends with {@link java.util.concurrent.CancellationException}
 */
public record AttentionCall(
        Tensor queries,
        Tensor keys,
        Tensor values,
        Positions queryPositions,
        Positions keyPositions,
        List<Slice> slices,
        float scale,
        float softcap,
        Dropout dropout,
        SoftmaxState state,
        Cancellation cancellation) {

    /** Largest supported elements of a head. */
    public static final int MAX_DIM = 256;

    /** @throws IllegalArgumentException if shapes, dtypes or positions disagree */
    public AttentionCall {
        slices = List.copyOf(slices);
        requireOperands(queries, keys, values, queryPositions, keyPositions, scale, softcap);
        require(
                state.rows() == queries.tokens() && state.heads() == queries.heads() && state.dimV() == values.dim(),
                "query and state shapes",
                queries,
                keys,
                values);
    }

    /** Without dropout. */
    public AttentionCall(
            Tensor queries,
            Tensor keys,
            Tensor values,
            Positions queryPositions,
            Positions keyPositions,
            List<Slice> slices,
            float scale,
            float softcap,
            SoftmaxState state,
            Cancellation cancellation) {
        this(
                queries,
                keys,
                values,
                queryPositions,
                keyPositions,
                slices,
                scale,
                softcap,
                Dropout.NONE,
                state,
                cancellation);
    }

    /** @throws IllegalArgumentException if shapes, dtypes, positions or scales of what is attended disagree */
    static void requireOperands(
            Tensor queries,
            Tensor keys,
            Tensor values,
            Positions queryPositions,
            Positions keyPositions,
            float scale,
            float softcap) {
        require(queries.dtype() == keys.dtype() && keys.dtype() == values.dtype(), "dtypes", queries, keys, values);
        require(keys.dim() == queries.dim(), "head dims of queries and keys", queries, keys, values);
        require(keys.heads() == values.heads(), "heads of keys and values", queries, keys, values);
        require(keys.tokens() == values.tokens(), "rows of keys and values", queries, keys, values);
        require(queryPositions.rows() == queries.tokens(), "query rows and positions", queries, keys, values);
        require(keyPositions.rows() == keys.tokens(), "key rows and positions", queries, keys, values);
        requireSupported(queries.heads(), keys.heads(), queries.dim(), values.dim());
        if (!Float.isFinite(scale) || !(softcap >= 0) || Float.isInfinite(softcap)) {
            throw new IllegalArgumentException(
                    "scale " + scale + " must be finite and softcap " + softcap + " finite and not negative");
        }
    }

    /** @throws IllegalArgumentException if no kernel attends with so many heads, or heads of such sizes */
    public static void requireSupported(int queryHeads, int keyHeads, int dim, int dimV) {
        if (keyHeads < 1 || keyHeads > queryHeads) {
            throw new IllegalArgumentException(queryHeads + " query heads cannot read " + keyHeads
                    + " key heads; there must be at least 1 key head, and no more than query heads");
        }
        if (dim < 1 || dimV < 1 || dim > MAX_DIM || dimV > MAX_DIM) {
            throw new IllegalArgumentException("head dims " + dim + " and " + dimV + " are not within 1 to " + MAX_DIM
                    + ", what the kernels support");
        }
    }

    private static void require(boolean holds, String what, Tensor queries, Tensor keys, Tensor values) {
        if (!holds) {
            throw new IllegalArgumentException(what + " disagree: queries " + queries.shape() + ", keys " + keys.shape()
                    + ", values " + values.shape());
        }
    }

    /** Key head that query head {@code head} reads. */
    public static int keyHead(int head, int queryHeads, int keyHeads) {
        return (int) ((long) head * keyHeads / queryHeads);
    }
}
