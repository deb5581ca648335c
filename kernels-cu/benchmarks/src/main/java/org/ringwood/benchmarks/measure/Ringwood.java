package org.ringwood.benchmarks.measure;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.workload.Quantity;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/** Ringwood's own kernels of attention: clear a state, attend into it, finish it. All three are measured. */
final class Ringwood implements Contender {
    private final Arena arena = Arena.ofShared();
    private final Device device;
    private final AttentionCall call;
    private final Tensor out;
    private final Tensor lse;

    Ringwood(Operands operands, int threads) {
        Workload workload = operands.workload();
        this.device = Devices.open(Devices.Kind.CPU, threads);
        SoftmaxState state = new SoftmaxState(
                arena.allocate(
                        SoftmaxState.bytes(workload.allRows(), workload.heads(), workload.dimV()),
                        RandomOperands.ALIGNMENT),
                workload.allRows(),
                workload.heads(),
                workload.dimV());
        this.call = new AttentionCall(
                operands.queries(),
                operands.keys(),
                operands.values(),
                Positions.range(0, workload.allRows()),
                Positions.range(0, workload.allKeys()),
                workload.slices(),
                operands.scale(),
                0,
                operands.dropout(),
                state,
                Cancellation.NEVER);
        this.out = RandomOperands.allocate(
                arena, workload, workload.dtype(), workload.allRows(), workload.heads(), workload.dimV());
        this.lse = RandomOperands.allocate(arena, workload, DType.F32, workload.allRows(), workload.heads(), 1);
    }

    @Override
    public void attend() {
        AttentionKernels kernels = device.kernels();
        List.of(kernels.clear(call.state()), kernels.attend(call), kernels.finish(call.state(), out, lse))
                .forEach(Ringwood::await);
    }

    @Override
    public void read(Quantity of, long row, int head, float[] into) {
        out.read(row, head, into, 0);
    }

    Device device() {
        return device;
    }

    /** What was attended last. */
    AttentionCall call() {
        return call;
    }

    Tensor out() {
        return out;
    }

    /** Logarithms of the sums of the exponentials of all rows' scores. */
    Tensor lse() {
        return lse;
    }

    /** Logarithm of the sum of the exponentials of a row's scores. */
    float lse(long row, int head) {
        return lse.get(row, head, 0);
    }

    @Override
    public void close() {
        device.close();
        arena.close();
    }

    static void await(Future<?> done) {
        try {
            done.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while it attended", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the kernel failed: " + e.getCause(), e);
        }
    }
}
