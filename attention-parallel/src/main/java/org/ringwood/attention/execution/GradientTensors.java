package org.ringwood.attention.execution;

import java.util.Map;
import org.ringwood.attention.plan.Operand;
import org.ringwood.kernels.Tensor;

/**
 * The gradients of one rank, beside the tensors of its attention. Rows stand where those of the attention do; any strides are used as they
 * are.
 *
 * @param out gradients of the output, {@code [rows, heads, dimV]}, of the output's dtype
 * @param queries gradients of the queries, {@code [rows, heads, dim]}, of f32 or the queries' dtype; overwritten
 * @param keys gradients of the keys, {@code [keyRows, kvHeads, dim]}, of the same dtype; overwritten
 * @param values gradients of the values, {@code [keyRows, kvHeads, dimV]}, of the same dtype; overwritten
 */
public record GradientTensors(Tensor out, Tensor queries, Tensor keys, Tensor values) {
    /** With the tensors of the attention. */
    CallerTensors byOperand(AttentionTensors attention) {
        Map<Operand, Tensor> operands = attention.operands();
        operands.put(Operand.OUT_GRADIENTS, out);
        operands.put(Operand.QUERY_GRADIENTS, queries);
        operands.put(Operand.KEY_GRADIENTS, keys);
        operands.put(Operand.VALUE_GRADIENTS, values);
        return new CallerTensors(operands);
    }
}
