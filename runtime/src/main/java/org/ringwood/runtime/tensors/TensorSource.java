package org.ringwood.runtime.tensors;

import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

/**
 * A tensor {@code [tokens, heads, dim]} that is somewhere else, of which any part can be read. The items of a batch follow each
 * other along tokens. May be read by several threads at once.
 */
public interface TensorSource extends AutoCloseable {
    /** What messages call it, such as {@code k in qkv.safetensors}. */
    String name();

    /** Layout and sizes. */
    TensorShape shape();

    /**
     * Reads {@code into.heads()} heads from {@code firstHead} on of the given tokens, in their order.
     *
     * @param tokens global positions, as many as {@code into} has rows
     * @param firstHead first head that is read
     * @param into native memory of this tensor's dtype and dim, with any strides
     * @throws org.ringwood.runtime.files.InputException if the file ends early or cannot be read
     */
    void read(Positions tokens, int firstHead, Tensor into);

    /** Whether {@code into} can take these heads of so many tokens. */
    static void requireFit(TensorSource source, Positions tokens, int firstHead, Tensor into) {
        TensorShape shape = source.shape();
        boolean fits = into.dtype() == shape.dtype()
                && into.dim() == shape.dim()
                && into.tokens() == tokens.rows()
                && firstHead >= 0
                && firstHead + into.heads() <= shape.heads()
                && tokens.chunks().stream().allMatch(chunk -> chunk.to() <= shape.tokens());
        if (!fits) {
            throw new IllegalArgumentException("tokens " + tokens + " from head " + firstHead + " on of " + shape
                    + " do not fit into " + into.shape());
        }
    }

    /** Closes the file, if there is one. */
    @Override
    default void close() {}
}
