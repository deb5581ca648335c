package org.ringwood.runtime.tensors;

import java.util.List;
import org.ringwood.kernels.DType;

/**
 * Layout and sizes of a whole tensor.
 *
 * @param dtype element type
 * @param layout order of the axes
 * @param batch items, 1 for {@link Layout#THD}
 * @param itemTokens tokens of an item
 * @param heads heads of a token
 * @param dim elements of a head
 */
public record TensorShape(DType dtype, Layout layout, long batch, long itemTokens, int heads, int dim) {
    /** @throws IllegalArgumentException if an axis is empty, or the tensor has more than 2⁶³ bytes */
    public TensorShape {
        if (batch < 1 || itemTokens < 1 || heads < 1 || dim < 1 || (layout == Layout.THD && batch != 1)) {
            throw new IllegalArgumentException("no tensor has the shape " + batch + " x " + itemTokens + " x " + heads
                    + " x " + dim + " as " + layout + ": every axis needs a length of at least 1");
        }
        try {
            Math.multiplyExact(
                    Math.multiplyExact(Math.multiplyExact(batch, itemTokens), (long) heads * dim), dtype.bytes());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    batch + " x " + itemTokens + " x " + heads + " x " + dim + " elements are more than 64 bits count",
                    e);
        }
    }

    /** A tensor without a batch. */
    public static TensorShape of(DType dtype, long tokens, int heads, int dim) {
        return new TensorShape(dtype, Layout.THD, 1, tokens, heads, dim);
    }

    /** Tokens of all items. */
    public long tokens() {
        return batch * itemTokens;
    }

    /** Elements of the whole tensor. */
    public long elements() {
        return tokens() * heads * dim;
    }

    /** Bytes of the whole tensor. */
    public long bytes() {
        return elements() * dtype.bytes();
    }

    /** Lengths of the axes, outermost first. */
    public List<Long> axes() {
        return switch (layout) {
            case THD -> List.of(itemTokens, (long) heads, (long) dim);
            case BTHD -> List.of(batch, itemTokens, (long) heads, (long) dim);
            case BHTD -> List.of(batch, (long) heads, itemTokens, (long) dim);
        };
    }

    /** This shape with another dtype and dim. */
    public TensorShape with(DType otherDtype, int otherDim) {
        return new TensorShape(otherDtype, layout, batch, itemTokens, heads, otherDim);
    }

    /** Index of the first element of a token's head. */
    long element(long token, int head) {
        long row = layout == Layout.BHTD
                ? (token / itemTokens * heads + head) * itemTokens + token % itemTokens
                : token * heads + head;
        return row * dim;
    }

    /** Elements from a token's head to the same head of the next token of the item. */
    long tokenStride() {
        return layout == Layout.BHTD ? dim : (long) heads * dim;
    }

    @Override
    public String toString() {
        return layout.toString() + axes() + " of " + dtype;
    }
}
