package org.ringwood.attention;

import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;

/**
 * Sizes of one attention over the whole sequence: queries {@code [queries, heads, dim]}, keys {@code [keys, kvHeads, dim]}, values
 * {@code [keys, kvHeads, dimV]}, output {@code [queries, heads, dimV]}.
 *
 * @param queries query rows of all ranks together, 0 or more
 * @param keys key rows of all ranks together, 0 or more
 * @param heads query heads
 * @param kvHeads key and value heads, no more than {@code heads}, which need not be a multiple
 * @param dim elements of a query or key head
 * @param dimV elements of a value head
 * @param dtype of inputs and output
 */
public record AttentionShape(long queries, long keys, int heads, int kvHeads, int dim, int dimV, DType dtype) {
    /** @throws IllegalArgumentException if a size is out of range */
    public AttentionShape {
        if (queries < 0 || keys < 0) {
            throw new IllegalArgumentException(
                    "no attention has " + queries + " queries and " + keys + " keys; rows must not be negative");
        }
        AttentionCall.requireSupported(heads, kvHeads, dim, dimV);
    }

    /**
     * Floating-point operations of {@code area} admitted pairs of {@code queryHeads} heads: {@code 2·area·heads·(dim + dimV)}, or
     * {@link Long#MAX_VALUE} if there are more.
     */
    public long flops(long area, int queryHeads) {
        return product(area, 2L * queryHeads * (dim + dimV));
    }

    /**
     * Floating-point operations of the gradients of {@code area} admitted pairs of {@code queryHeads} heads: five products in place of
     * two, {@code 2·area·heads·(3·dim + 2·dimV)}, or {@link Long#MAX_VALUE} if there are more.
     */
    public long backwardFlops(long area, int queryHeads) {
        return product(area, 2L * queryHeads * (3L * dim + 2L * dimV));
    }

    private static long product(long area, long perPair) {
        long flops = area * perPair;
        return Math.multiplyHigh(area, perPair) == 0 && flops >= 0 ? flops : Long.MAX_VALUE;
    }

    @Override
    public String toString() {
        return queries + " queries x " + keys + " keys, " + heads + "/" + kvHeads + " heads, dim " + dim + "/" + dimV
                + ", " + dtype;
    }
}
