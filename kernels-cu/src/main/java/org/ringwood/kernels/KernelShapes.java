package org.ringwood.kernels;

/** Checks that the operands of a kernel fit together; every provider refuses the same calls in the same words. */
public final class KernelShapes {
    private KernelShapes() {}

    /** @throws IllegalArgumentException if two states to be merged have different shapes */
    public static void requireSame(SoftmaxState into, SoftmaxState from) {
        if (into.rows() != from.rows() || into.heads() != from.heads() || into.dimV() != from.dimV()) {
            throw new IllegalArgumentException("states [" + into.rows() + ", " + into.heads() + ", " + into.dimV()
                    + "] and [" + from.rows() + ", " + from.heads() + ", " + from.dimV() + "] can't be merged");
        }
    }

    /** @throws IllegalArgumentException if there isn't one sink logit a head */
    public static void requireSinks(SoftmaxState into, float[] logits) {
        if (logits.length != into.heads()) {
            throw new IllegalArgumentException(
                    logits.length + " sink logits are not one for each of " + into.heads() + " heads");
        }
    }

    /** @throws IllegalArgumentException if a tensor to be copied differs from its target in shape or dtype */
    public static void requireSame(Tensor from, Tensor to) {
        if (from.dtype() != to.dtype()
                || from.tokens() != to.tokens()
                || from.heads() != to.heads()
                || from.dim() != to.dim()) {
            throw new IllegalArgumentException(from.shape() + " can't be copied to " + to.shape());
        }
    }

    /** @throws IllegalArgumentException if a tensor can't be copied from one space to the other */
    public static void requireCopy(Tensor from, Space source, Tensor to, Space target) {
        requireSame(from, to);
        if (from.space() != source || to.space() != target) {
            throw new IllegalArgumentException("a copy from " + source + " to " + target + " was asked for, but "
                    + from.shape() + " is in " + from.space() + " and its copy in " + to.space());
        }
    }

    /** @throws IllegalArgumentException naming the tensor if it has another dtype or shape */
    static void require(String what, Tensor tensor, DType dtype, long tokens, int heads, int dim) {
        if (tensor.dtype() != dtype || tensor.tokens() != tokens || tensor.heads() != heads || tensor.dim() != dim) {
            throw new IllegalArgumentException(what + " is " + tensor.shape() + ", and must be " + dtype + "[" + tokens
                    + ", " + heads + ", " + dim + "]");
        }
    }

    /** @throws IllegalArgumentException if these can't be summed to {@code delta} */
    public static void requireDelta(Tensor out, Tensor outGradients, Tensor delta) {
        require("the gradient of the output", outGradients, out.dtype(), out.tokens(), out.heads(), out.dim());
        require("delta", delta, DType.F32, out.tokens(), out.heads(), 1);
    }

    /** @throws IllegalArgumentException if {@code sums} are no sums of gradients */
    public static void requireSums(Tensor sums) {
        requireSums(sums, sums);
    }

    /** @throws IllegalArgumentException if these aren't sums of gradients of one shape */
    public static void requireSums(Tensor from, Tensor into) {
        require("a sum of gradients", into, DType.F32, into.tokens(), into.heads(), into.dim());
        require("a sum of gradients", from, DType.F32, into.tokens(), into.heads(), into.dim());
    }

    /** @throws IllegalArgumentException if sums of gradients can't be rounded to {@code to} */
    public static void requireRounding(Tensor from, Tensor to) {
        require("a sum of gradients", from, DType.F32, to.tokens(), to.heads(), to.dim());
    }

    /** @throws IllegalArgumentException if a state can't be finished into these tensors */
    public static void requireFinish(SoftmaxState state, Tensor out, Tensor lse) {
        boolean outFits = out.tokens() == state.rows() && out.heads() == state.heads() && out.dim() == state.dimV();
        boolean lseFits = lse.tokens() == state.rows()
                && lse.heads() == state.heads()
                && lse.dim() == 1
                && lse.dtype() == DType.F32;
        if (!outFits || !lseFits) {
            throw new IllegalArgumentException("a state [" + state.rows() + ", " + state.heads() + ", " + state.dimV()
                    + "] can't be finished into output " + out.shape() + " and lse " + lse.shape());
        }
    }
}
