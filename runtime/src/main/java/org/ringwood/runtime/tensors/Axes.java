package org.ringwood.runtime.tensors;

import java.util.List;
import java.util.Optional;
import org.ringwood.kernels.DType;
import org.ringwood.runtime.files.InputException;

/** Reads the lengths of an array's axes as the shape of a tensor. */
final class Axes {
    /** More heads than any model has; keeps sizes of a token within an int. */
    private static final long MOST_HEADS = 1 << 16;

    private static final long MOST_DIM = 1 << 14;
    private static final long MOST_ITEMS = 1 << 24;

    private Axes() {}

    /**
     * The shape of a tensor.
     *
     * @param name what messages call the tensor
     * @param layout what the user says of arrays with four axes
     */
    static TensorShape shape(String name, DType dtype, List<Long> axes, Optional<Layout> layout) {
        Layout order = layout(name, axes, layout);
        long batch = order == Layout.THD ? 1 : axes.getFirst();
        long tokens = axes.get(order == Layout.BHTD ? 2 : axes.size() - 3);
        long heads = axes.get(order == Layout.BHTD ? 1 : axes.size() - 2);
        long dim = axes.getLast();
        if (axes.stream().anyMatch(length -> length < 1)) {
            throw new InputException(
                    name + " has the shape " + axes + ", which is empty: give at least 1 token and head");
        }
        if (heads > MOST_HEADS || dim > MOST_DIM || batch > MOST_ITEMS) {
            throw new InputException(name + " has the shape " + axes + ", so " + batch + " items with "
                    + heads + " heads of " + dim + " elements: give it as [tokens, heads, dim]"
                    + (order == Layout.THD ? "" : " or check input.layout"));
        }
        return new TensorShape(dtype, order, batch, tokens, (int) heads, (int) dim);
    }

    private static Layout layout(String name, List<Long> axes, Optional<Layout> layout) {
        if (axes.size() == 3) {
            return Layout.THD;
        }
        if (axes.size() != 4) {
            throw new InputException(name + " has the shape " + axes
                    + ": give it three axes, [tokens, heads, dim], or four and input.layout");
        }
        return layout.orElseThrow(() -> new InputException(
                name + " has four axes, " + axes + ": say which they are with input.layout: bthd or bhtd"));
    }

    /**
     * Bytes of an array.
     *
     * @return empty if they are more than 64 bits count, or an axis is negative
     */
    static Optional<Long> bytes(List<Long> axes, long elementBytes) {
        long bytes = elementBytes;
        boolean empty = false;
        try {
            for (long axis : axes) {
                if (axis < 0) {
                    return Optional.empty();
                }
                empty |= axis == 0;
                bytes = Math.multiplyExact(bytes, Math.max(1, axis));
            }
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
        return Optional.of(empty ? 0 : bytes);
    }
}
