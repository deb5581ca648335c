package org.ringwood.attention.execution;

import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;

/** The tensors that a rank brings to a plan. */
final class CallerTensors {
    private final Map<Operand, Tensor> tensors;

    CallerTensors(Map<Operand, Tensor> tensors) {
        this.tensors = Map.copyOf(tensors);
    }

    /** The tensor of an operand. */
    Tensor of(Operand operand) {
        return Objects.requireNonNull(tensors.get(operand), () -> "the " + operand + " are not the caller's");
    }

    /** The operands whose tensors have gaps. */
    Set<Operand> strided() {
        return those(tensor -> !tensor.isDense());
    }

    /** The operands whose tensors are on the device. */
    Set<Operand> onDevice() {
        return those(tensor -> tensor.space() == Space.DEVICE);
    }

    private Set<Operand> those(Predicate<Tensor> which) {
        Set<Operand> those = EnumSet.noneOf(Operand.class);
        tensors.forEach((operand, tensor) -> {
            if (which.test(tensor)) {
                those.add(operand);
            }
        });
        return those;
    }

    /** Bytes of the elements of all tensors in a space. */
    long bytes(Space space) {
        return tensors.values().stream()
                .filter(tensor -> tensor.space() == space)
                .mapToLong(Tensor::denseBytes)
                .sum();
    }

    /** @throws IllegalArgumentException naming the rank and the shapes if a tensor is not what the plan says */
    void requireFit(Plan plan, RankPlan rankPlan) {
        for (Buffer buffer : rankPlan.buffers()) {
            if (buffer.isCallers()) {
                requireFit(buffer, plan, rankPlan.rank());
            }
        }
    }

    private void requireFit(Buffer buffer, Plan plan, int rank) {
        Tensor tensor = of(buffer.operand());
        if (tensor.tokens() != buffer.rows()
                || tensor.heads() != buffer.heads()
                || tensor.dim() != buffer.dim()
                || tensor.dtype() != buffer.dtype()) {
            throw new IllegalArgumentException("rank " + rank + " gave " + buffer.operand() + " of " + tensor.dtype()
                    + " [" + tensor.tokens() + ", " + tensor.heads() + ", " + tensor.dim() + "], but " + plan
                    + " wants " + buffer.dtype() + " [" + buffer.rows() + ", " + buffer.heads() + ", " + buffer.dim()
                    + "] of it");
        }
    }
}
