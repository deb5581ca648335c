package org.ringwood.kernels;

import java.util.concurrent.Future;

/** The kernels of a device that compute gradients of attention; queued in order with its {@link AttentionKernels}, and under the same rules. */
public interface GradientKernels {
    /**
     * The sums {@code Σ_i out_i · dOut_i} of every row and head, which every gradient of the row needs.
     *
     * @param out {@code [rows, heads, dimV]}: the finished output over all keys
     * @param outGradients {@code [rows, heads, dimV]}, of {@code out}'s dtype
     * @param delta {@code [rows, heads, 1]} of f32, overwritten
     */
    Future<?> delta(Tensor out, Tensor outGradients, Tensor delta);

    /** Adds the gradients of one region; see {@link GradientCall}. */
    Future<?> attend(GradientCall call);

    /** Makes every element of a sum of gradients 0. */
    Future<?> clear(Tensor sums);

    /**
     * Adds one sum of gradients to another, as where two ranks attended the same keys.
     *
     * @param from of f32
     * @param into of f32 and {@code from}'s shape
     */
    Future<?> add(Tensor from, Tensor into);

    /** Rounds sums of gradients to the nearest of {@code to}'s dtype; both of one shape. */
    Future<?> round(Tensor from, Tensor to);
}
