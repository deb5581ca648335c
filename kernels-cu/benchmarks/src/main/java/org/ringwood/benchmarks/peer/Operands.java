package org.ringwood.benchmarks.peer;

import java.util.Optional;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.Dropout;
import org.ringwood.kernels.Tensor;

/**
 * The tensors of a workload, the same for all who attend it. Sequence {@code i} has the query rows from {@code i * rows} on and the
 * key rows from {@code i * keys} on.
 *
 * @param workload what is attended
 * @param queries {@code [items * rows, heads, dim]}
 * @param keys {@code [items * keys, keyHeads, dim]}
 * @param values {@code [items * keys, keyHeads, dimV]}
 * @param outGradients {@code [items * rows, heads, dimV]}: the gradient of the output; there for a backward pass only
 */
public record Operands(Workload workload, Tensor queries, Tensor keys, Tensor values, Optional<Tensor> outGradients) {
    /** Factor of the scores: {@code 1/sqrt(dim)}. */
    public float scale() {
        return (float) (1 / Math.sqrt(workload.dim()));
    }

    /** Which weights are dropped. */
    public Dropout dropout() {
        return new Dropout(workload.dropout(), 1);
    }
}
