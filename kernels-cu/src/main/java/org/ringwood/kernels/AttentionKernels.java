package org.ringwood.kernels;

import java.util.concurrent.Future;

/**
 * The attention kernels of a device. Calls are queued in order and return at once; the future completes when the result is
 * in memory and fails with what went wrong. Tensors and states must stay untouched and alive until then.
 *
 * <p>Where the device has {@linkplain Device#memory memory of its own}, each tensor and state may be in either {@link Space}: one on the device is used in
 * place, one of the host is copied to the device, and back if it is written, by every call.
 *
 * <p>Results are deterministic: same inputs and same configuration give the same bits, whatever the scheduling.
 */
public interface AttentionKernels {
    /** Makes every record of {@code state} the identity of the merge. */
    Future<?> clear(SoftmaxState state);

    /** Attends and accumulates; see {@link AttentionCall}. */
    Future<?> attend(AttentionCall call);

    /** Merges the states of {@code from} into those of {@code into}, which cover disjoint keys. */
    Future<?> merge(SoftmaxState into, SoftmaxState from);

    /**
     * Merges into every row one more key, whose value is 0 and whose score is a number of the head's: a learnt sink (Xiao et al., Efficient
     * Streaming Language Models with Attention Sinks, arXiv 2309.17453, section 3.3). It takes its share of the weights and adds
     * nothing.
     *
     * @param logits scores, one a head of {@code into}; −∞ is no key
     */
    Future<?> sink(SoftmaxState into, float[] logits);

    /**
     * Writes {@code out} of every record, rounded to the nearest of {@code out}'s dtype, and {@code lse = max + ln(sum)}. A row
     * without an admitted key gives 0 and −∞.
     *
     * @param out {@code [rows, heads, dimV]}
     * @param lse {@code [rows, heads, 1]} of f32
     */
    Future<?> finish(SoftmaxState state, Tensor out, Tensor lse);

    /** Copies the elements of {@code from} into {@code to}, which has its shape and dtype but may have other strides. */
    Future<?> copy(Tensor from, Tensor to);
}
