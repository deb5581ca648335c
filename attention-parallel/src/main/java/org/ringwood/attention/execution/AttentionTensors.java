package org.ringwood.attention.execution;

import java.util.EnumMap;
import java.util.Map;
import org.ringwood.attention.plan.Operand;
import org.ringwood.kernels.Tensor;

/**
 * The caller's tensors of one rank, in memory that all threads may touch. Row {@code i} stands where the plan's positions say. Any
 * strides are used as they are; only what is sent to a rank must be dense, and is packed first where it is not. Each may be in memory of the rank's device, which
 * must have some: then what is sent of it is downloaded first.
 *
 * @param queries {@code [rows, heads, dim]}
 * @param keys {@code [keyRows, kvHeads, dim]}
 * @param values {@code [keyRows, kvHeads, dimV]}
 * @param out {@code [rows, heads, dimV]}, overwritten
 * @param lse {@code [rows, heads, 1]} of f32, overwritten
 */
public record AttentionTensors(Tensor queries, Tensor keys, Tensor values, Tensor out, Tensor lse) {
    CallerTensors byOperand() {
        return new CallerTensors(operands());
    }

    /** A map of one's own. */
    Map<Operand, Tensor> operands() {
        Map<Operand, Tensor> operands = new EnumMap<>(Operand.class);
        operands.put(Operand.QUERIES, queries);
        operands.put(Operand.KEYS, keys);
        operands.put(Operand.VALUES, values);
        operands.put(Operand.OUT, out);
        operands.put(Operand.LSE, lse);
        return operands;
    }
}
