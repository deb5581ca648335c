package org.ringwood.benchmarks.measure;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.workload.Quantity;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.GradientKernels;
import org.ringwood.kernels.Tensor;

/**
 * Ringwood's own kernels of gradients, after one attention that is not measured: clear the sums, the deltas of all rows, the gradients, and
 * those of 16-bit inputs rounded. All are measured.
 */
final class RingwoodBackward implements Contender {
    private final Arena arena = Arena.ofShared();
    private final Ringwood forward;
    private final Workload workload;
    private final GradientCall call;
    private final List<Tensor> sums;
    private final Map<Quantity, Tensor> results = new EnumMap<>(Quantity.class);

    /** Takes over {@code forward} and closes it in the end. */
    RingwoodBackward(Ringwood forward, Operands operands) {
        this.forward = forward;
        this.workload = operands.workload();
        forward.attend();
        AttentionCall attention = forward.call();
        this.sums = workload.pass().results().stream()
                .map(of -> allocate(of, DType.F32))
                .toList();
        this.call = new GradientCall(
                attention.queries(),
                attention.keys(),
                attention.values(),
                attention.queryPositions(),
                attention.keyPositions(),
                attention.slices(),
                attention.scale(),
                attention.softcap(),
                attention.dropout(),
                forward.lse(),
                RandomOperands.allocate(arena, workload, DType.F32, workload.allRows(), workload.heads(), 1),
                operands.outGradients().orElseThrow(),
                sums.get(0),
                sums.get(1),
                sums.get(2),
                attention.cancellation());
        for (int i = 0; i < sums.size(); i++) {
            Quantity of = workload.pass().results().get(i);
            results.put(of, workload.dtype() == DType.F32 ? sums.get(i) : allocate(of, workload.dtype()));
        }
    }

    private Tensor allocate(Quantity of, DType dtype) {
        return RandomOperands.allocate(arena, workload, dtype, of.rows(workload), of.heads(workload), of.dim(workload));
    }

    @Override
    public void attend() {
        sums.forEach(sum -> sum.memory().fill((byte) 0));
        GradientKernels kernels = forward.device().gradients();
        List<Future<?>> calls = new ArrayList<>();
        calls.add(kernels.delta(forward.out(), call.outGradients(), call.delta()));
        calls.add(kernels.attend(call));
        if (workload.dtype() != DType.F32) {
            for (int i = 0; i < sums.size(); i++) {
                calls.add(kernels.round(
                        sums.get(i), result(workload.pass().results().get(i))));
            }
        }
        calls.forEach(Ringwood::await);
    }

    private Tensor result(Quantity of) {
        return Objects.requireNonNull(results.get(of), "a result of the backward pass");
    }

    @Override
    public void read(Quantity of, long row, int head, float[] into) {
        result(of).read(row, head, into, 0);
    }

    @Override
    public void close() {
        forward.close();
        arena.close();
    }
}
