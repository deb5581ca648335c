package org.ringwood.attention.execution;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.plan.Plan;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;

/**
 * What one attention of a rank left for its backward pass: the caller's queries, keys, values and output, which must stay as they are, and the
 * log-sum-exps. No scores: backward computes them anew, so it takes memory linear in the rank's rows. Any number may be open at a time, as
 * for layers and micro-batches, and they may be differentiated in any order that is the same on all ranks.
 *
 * <p>It is used up by its backward pass. Close it where there will be none. To recompute in place of keeping: close it, free output and
 * inputs, and before the backward pass attend once more, with the same seed if weights are dropped.
 */
public final class SavedAttention implements AutoCloseable {
    private final SequenceParallelAttention owner;
    private final Plan plan;
    private final AttentionTensors tensors;
    private final Scoring scoring;
    private final @Nullable Arena arena;
    private @Nullable String gone;

    SavedAttention(
            SequenceParallelAttention owner,
            Plan plan,
            AttentionTensors tensors,
            Scoring scoring,
            @Nullable Arena arena) {
        this.owner = owner;
        this.plan = plan;
        this.tensors = tensors;
        this.scoring = scoring;
        this.arena = arena;
    }

    /** Memory for the log-sum-exps of an attention. */
    static Tensor lse(Arena arena, Tensor out) {
        return Tensor.allocate(arena, DType.F32, out.tokens(), out.heads(), 1);
    }

    /** The plan of the attention. */
    public Plan plan() {
        return plan;
    }

    /** The log-sum-exps, {@code [rows, heads, 1]} of f32; unless they are the caller's, they are freed when this is. */
    public Tensor lse() {
        return tensors.lse();
    }

    /**
     * Gradients of the {@linkplain Scoring#sinks sink logits}, summed up over this rank's rows: to be added up over the ranks as those of
     * all parameters, unless the ranks replicate the queries. To be asked for before the backward pass, of tensors of the host.
     *
     * @param outGradients {@code [rows, heads, dimV]}
     * @throws IllegalArgumentException if they have another shape than the output, or either is on a device
     * @return one a query head, {@code −Σ_i exp(sink − lse_i) · Σ out_i · dOut_i}; none without sinks
     */
    public float[] sinkGradients(Tensor outGradients) {
        if (gone != null) {
            throw new IllegalStateException(
                    "the gradients of sinks are asked for of an attention that was " + gone + " already; ask before");
        }
        Tensor out = tensors.out();
        if (out.space() == Space.DEVICE || outGradients.space() == Space.DEVICE) {
            throw new IllegalArgumentException(
                    "the gradients of sinks are summed up on the host, but the output or its gradients are on a device;"
                            + " copy them to the host");
        }
        if (!outGradients.shape().equals(out.shape())) {
            throw new IllegalArgumentException(
                    "the gradients of the output are " + outGradients.shape() + ", but the output is " + out.shape());
        }
        float[] gradients = new float[scoring.sinks().size()];
        for (int head = 0; head < gradients.length; head++) {
            float sink = scoring.sinks().get(head);
            gradients[head] = sink == Float.NEGATIVE_INFINITY ? 0 : sinkGradient(sink, head, outGradients);
        }
        return gradients;
    }

    private float sinkGradient(float sink, int head, Tensor outGradients) {
        Tensor out = tensors.out();
        float[] results = new float[out.dim()];
        float[] gradients = new float[out.dim()];
        double sum = 0;
        for (long row = 0; row < out.tokens(); row++) {
            out.read(row, head, results, 0);
            outGradients.read(row, head, gradients, 0);
            double delta = 0;
            for (int i = 0; i < results.length; i++) {
                delta += (double) results[i] * gradients[i];
            }
            sum -= Math.exp(sink - (double) lse().get(row, head, 0)) * delta;
        }
        return (float) sum;
    }

    AttentionTensors tensors() {
        return tensors;
    }

    Scoring scoring() {
        return scoring;
    }

    /** @throws IllegalStateException if another attention made it, or it is used up or closed */
    void requireOpen(SequenceParallelAttention user, int rank) {
        if (owner != user) {
            throw new IllegalStateException("rank " + rank + " differentiates an attention of another "
                    + "SequenceParallelAttention; give it to the one that made it");
        }
        if (gone != null) {
            throw new IllegalStateException("rank " + rank + " differentiates an attention that was " + gone
                    + " already (" + plan + "); attend again to get another");
        }
    }

    void useUp() {
        free("differentiated");
    }

    /** Frees the log-sum-exps, if they are not the caller's. Without effect after the backward pass. */
    @Override
    public void close() {
        free("closed");
    }

    private void free(String why) {
        if (gone == null) {
            gone = why;
            if (arena != null) {
                arena.close();
            }
        }
    }
}
