package org.ringwood.kernels;

import java.util.List;

/**
 * One accumulation of gradients: those of the queries, keys and values of one {@link AttentionCall}, for the pairs that the slices admit.
 * With scores {@code s}, weights {@code p = exp(s − lse)} and slopes {@code t = p · (dOut · v − delta)}, times {@code 1 − (s / softcap)²}
 * under a softcap, what is added is
 *
 * <ul>
 *   <li>{@code scale · Σ_k t k} to the gradient of a query,
 *   <li>{@code scale · Σ_q t q} to that of a key, over all query heads that read it,
 *   <li>{@code Σ_q p dOut} to that of a value.
 * </ul>
 *
 * <p>With dropout, and {@code m} the factor of a weight, 0 or {@link Dropout#scale}, slopes are {@code p · (m · dOut · v − delta)}, and the gradient
 * of a value gets {@code Σ_q m p dOut}.
 *
 * <p>{@code lse} and {@code delta} are those of the whole attention, over all keys, wherever they are: so any way of cutting the keys gives
 * the same gradients, as with {@link SoftmaxState}. The scores are computed anew (Dao et al., FlashAttention, arXiv 2205.14135, §3.1), so
 * that memory is linear in the rows.
 *
 * @param queries {@code [rows, Hq, d]}
 * @param keys {@code [keyRows, Hkv, d]}, of the queries' dtype
 * @param values {@code [keyRows, Hkv, dv]}, of the queries' dtype
 * @param queryPositions global position of every query row
 * @param keyPositions global position of every key row
 * @param slices disjoint slices of global positions
 * @param scale factor of the scores
 * @param softcap bound of the scores, 0 for none
 * @param dropout that of the attention
 * @param lse {@code [rows, Hq, 1]} of f32, from {@link AttentionKernels#finish}
 * @param delta {@code [rows, Hq, 1]} of f32, from {@link GradientKernels#delta}
 * @param outGradients {@code [rows, Hq, dv]}, of the queries' dtype
 * @param queryGradients {@code [rows, Hq, d]} of f32, added to
 * @param keyGradients {@code [keyRows, Hkv, d]} of f32, added to
 * @param valueGradients {@code [keyRows, Hkv, dv]} of f32, added to
 * @param cancellation looked at every 100 ms at most; a cancelled call ends with {@link java.util.concurrent.CancellationException}
 */
public record GradientCall(
        Tensor queries,
        Tensor keys,
        Tensor values,
        Positions queryPositions,
        Positions keyPositions,
        List<Slice> slices,
        float scale,
        float softcap,
        Dropout dropout,
        Tensor lse,
        Tensor delta,
        Tensor outGradients,
        Tensor queryGradients,
        Tensor keyGradients,
        Tensor valueGradients,
        Cancellation cancellation) {

    /** @throws IllegalArgumentException if shapes, dtypes or positions disagree */
    public GradientCall {
        slices = List.copyOf(slices);
        AttentionCall.requireOperands(queries, keys, values, queryPositions, keyPositions, scale, softcap);
        long rows = queries.tokens();
        int heads = queries.heads();
        KernelShapes.require("lse", lse, DType.F32, rows, heads, 1);
        KernelShapes.require("delta", delta, DType.F32, rows, heads, 1);
        KernelShapes.require("the gradient of the output", outGradients, queries.dtype(), rows, heads, values.dim());
        KernelShapes.require("the gradient of the queries", queryGradients, DType.F32, rows, heads, queries.dim());
        KernelShapes.require(
                "the gradient of the keys", keyGradients, DType.F32, keys.tokens(), keys.heads(), keys.dim());
        KernelShapes.require(
                "the gradient of the values", valueGradients, DType.F32, keys.tokens(), keys.heads(), values.dim());
    }
}
