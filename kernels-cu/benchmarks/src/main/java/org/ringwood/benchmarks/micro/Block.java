package org.ringwood.benchmarks.micro;

import java.lang.foreign.Arena;
import java.util.List;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/** The operands of one small call of each kind, and a device of one thread. All elements are 0: the time does not depend on them. */
final class Block implements AutoCloseable {
    private static final int HEADS = 2;
    private static final int KEYS = 512;
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final Device device = Devices.open(Devices.Kind.CPU, 1);
    private final Tensor queries;
    private final Tensor strided;
    private final Tensor keys;
    private final Tensor values;
    private final Tensor out;
    private final Tensor lse;
    private final SoftmaxState state;
    private final SoftmaxState other;

    Block(int rows, int dim, DType dtype) {
        this.queries = tensor(dtype, rows, HEADS, dim);
        // Every second head of a tensor with twice as many.
        Tensor wide = tensor(dtype, rows, 2 * HEADS, dim);
        this.strided = new Tensor(wide.memory(), dtype, rows, HEADS, dim, wide.tokenStride(), 2 * wide.headStride());
        this.keys = tensor(dtype, KEYS, HEADS, dim);
        this.values = tensor(dtype, KEYS, HEADS, dim);
        this.out = tensor(dtype, rows, HEADS, dim);
        this.lse = tensor(DType.F32, rows, HEADS, 1);
        this.state = state(rows, dim);
        this.other = state(rows, dim);
    }

    private Tensor tensor(DType dtype, int tokens, int heads, int dim) {
        var memory = arena.allocate(Tensor.denseBytes(dtype, tokens, heads, dim), ALIGNMENT);
        return Tensor.dense(memory, dtype, tokens, heads, dim);
    }

    private SoftmaxState state(int rows, int dim) {
        SoftmaxState empty =
                new SoftmaxState(arena.allocate(SoftmaxState.bytes(rows, HEADS, dim), ALIGNMENT), rows, HEADS, dim);
        for (int row = 0; row < rows; row++) {
            for (int head = 0; head < HEADS; head++) {
                empty.set(row, head, Float.NEGATIVE_INFINITY, 0);
            }
        }
        return empty;
    }

    AttentionKernels kernels() {
        return device.kernels();
    }

    /** Full attention of all queries to all keys. */
    AttentionCall callInto(SoftmaxState into) {
        return new AttentionCall(
                queries,
                keys,
                values,
                Positions.range(0, queries.tokens()),
                Positions.range(0, KEYS),
                List.of(Slice.full(0, queries.tokens(), 0, KEYS)),
                1,
                0,
                into,
                Cancellation.NEVER);
    }

    Tensor queries() {
        return queries;
    }

    Tensor strided() {
        return strided;
    }

    Tensor out() {
        return out;
    }

    Tensor lse() {
        return lse;
    }

    SoftmaxState state() {
        return state;
    }

    SoftmaxState other() {
        return other;
    }

    @Override
    public void close() {
        device.close();
        arena.close();
    }
}
