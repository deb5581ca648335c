package org.ringwood.attention.execution;

import java.util.EnumSet;
import java.util.Set;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Space;
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
    /** The tensor of an operand. */
    Tensor of(Operand operand) {
        return switch (operand) {
            case QUERIES -> queries;
            case KEYS -> keys;
            case VALUES -> values;
            case OUT -> out;
            case LSE -> lse;
            case STATE -> throw new IllegalArgumentException("states are not the caller's");
        };
    }

    /** The operands whose tensors have gaps. */
    Set<Operand> strided() {
        Set<Operand> strided = EnumSet.noneOf(Operand.class);
        for (Operand operand : Operand.values()) {
            if (operand != Operand.STATE && !of(operand).isDense()) {
                strided.add(operand);
            }
        }
        return strided;
    }

    /** The operands whose tensors are on the device. */
    Set<Operand> onDevice() {
        Set<Operand> onDevice = EnumSet.noneOf(Operand.class);
        for (Operand operand : Operand.values()) {
            if (operand != Operand.STATE && of(operand).space() == Space.DEVICE) {
                onDevice.add(operand);
            }
        }
        return onDevice;
    }

    /** @throws IllegalArgumentException naming the rank and the shapes if a tensor is not what the plan says */
    void requireFit(Plan plan, RankPlan rankPlan) {
        int rank = rankPlan.rank();
        long rows = rankPlan.queryPositions().rows();
        long keyRows = rankPlan.keyPositions().rows();
        int heads = plan.shape().heads();
        int kvHeads = plan.shape().kvHeads();
        DType dtype = plan.shape().dtype();
        require(Operand.QUERIES, rows, heads, plan.shape().dim(), dtype, plan, rank);
        require(Operand.KEYS, keyRows, kvHeads, plan.shape().dim(), dtype, plan, rank);
        require(Operand.VALUES, keyRows, kvHeads, plan.shape().dimV(), dtype, plan, rank);
        require(Operand.OUT, rows, heads, plan.shape().dimV(), dtype, plan, rank);
        require(Operand.LSE, rows, heads, 1, DType.F32, plan, rank);
    }

    private void require(Operand operand, long rows, int heads, int dim, DType dtype, Plan plan, int rank) {
        Tensor tensor = of(operand);
        if (tensor.tokens() != rows || tensor.heads() != heads || tensor.dim() != dim || tensor.dtype() != dtype) {
            throw new IllegalArgumentException("rank " + rank + " gave " + operand + " of " + tensor.dtype() + " ["
                    + tensor.tokens() + ", " + tensor.heads() + ", " + tensor.dim() + "], but " + plan + " wants "
                    + dtype + " [" + rows + ", " + heads + ", " + dim + "] of it");
        }
    }
}
