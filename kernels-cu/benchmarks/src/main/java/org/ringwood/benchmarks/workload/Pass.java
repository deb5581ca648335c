package org.ringwood.benchmarks.workload;

import java.util.List;
import java.util.Locale;

/** What is computed of an attention. */
public enum Pass {
    /** The output. */
    FORWARD(1, 1),
    /** The gradients of queries, keys and values from that of the output, which is known. The scores are computed anew. */
    BACKWARD(3, 2);

    private final int keyProducts;
    private final int valueProducts;

    Pass(int keyProducts, int valueProducts) {
        this.keyProducts = keyProducts;
        this.valueProducts = valueProducts;
    }

    /** What it computes. */
    public List<Quantity> results() {
        return switch (this) {
            case FORWARD -> List.of(Quantity.OUTPUT);
            case BACKWARD -> List.of(Quantity.QUERY_GRADIENT, Quantity.KEY_GRADIENT, Quantity.VALUE_GRADIENT);
        };
    }

    /** Multiply-adds that the matrix products take for a pair: scores and their gradients go over the elements of a key, the others over those of a value. */
    double multiplyAdds(int dim, int dimV) {
        return (double) keyProducts * dim + (double) valueProducts * dimV;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
