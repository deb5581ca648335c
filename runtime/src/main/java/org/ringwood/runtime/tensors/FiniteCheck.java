package org.ringwood.runtime.tensors;

import java.util.Optional;
import org.ringwood.kernels.NonFinite;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.files.InputException;

/** Looks for elements that are NaN or infinite. */
public final class FiniteCheck {
    private FiniteCheck() {}

    /**
     * Refuses a shard that has a NaN or an infinity.
     *
     * @param shard what was loaded
     * @param tokens global positions of its rows
     * @param source where it was loaded from
     * @param rank that loaded it
     * @throws InputException naming rank, tensor and the index of the first such element in row order, as
     *     {@code [token, head, element]} of the item
     */
    public static void requireFinite(Tensor shard, Positions tokens, TensorSource source, int rank) {
        Optional<NonFinite> found = NonFinite.first(shard);
        if (found.isPresent()) {
            throw refusal(found.get(), tokens.position(found.get().row()), source, rank);
        }
    }

    private static InputException refusal(NonFinite found, long token, TensorSource source, int rank) {
        TensorShape shape = source.shape();
        String item = shape.layout() == Layout.THD ? "" : " of item " + token / shape.itemTokens();
        return new InputException("rank " + rank + ": " + source.name() + " has " + found.value()
                + " at [token, head, element] = [" + token % shape.itemTokens() + ", " + found.head() + ", "
                + found.element() + "]" + item + ": mend the input");
    }
}
