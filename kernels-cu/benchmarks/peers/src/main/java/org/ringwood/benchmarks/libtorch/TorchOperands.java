package org.ringwood.benchmarks.libtorch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.workload.Masking;
import org.ringwood.benchmarks.workload.Quantity;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * One workload's tensors as libtorch has them. Keys and values are read where they lie; what has the rows of queries is copied once into
 * libtorch's order of dimensions.
 */
final class TorchOperands implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final TorchLibrary torch;
    private final HeadGroups groups;
    private final Workload workload;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment queries;
    private final MemorySegment keys;
    private final MemorySegment values;

    TorchOperands(TorchLibrary torch, Operands operands) {
        this.torch = torch;
        this.workload = operands.workload();
        this.groups = HeadGroups.of(workload);
        this.queries = rows(operands.queries());
        this.keys = keys(operands.keys());
        this.values = keys(operands.values());
    }

    TorchLibrary torch() {
        return torch;
    }

    MemorySegment queries() {
        return queries;
    }

    MemorySegment keys() {
        return keys;
    }

    MemorySegment values() {
        return values;
    }

    boolean isCausal() {
        return workload.masking() instanceof Masking.Causal;
    }

    /** A copy of a tensor with as many rows as the queries; to be deleted. */
    MemorySegment rows(Tensor tensor) {
        MemorySegment copy = arena.allocate(tensor.denseBytes(), ALIGNMENT);
        long[] sizes = {groups.batch(), groups.heads(), workload.rows(), tensor.dim()};
        long[] strides = {sizes[1] * sizes[2] * sizes[3], sizes[2] * sizes[3], sizes[3], 1};
        float[] numbers = new float[tensor.dim()];
        for (long row = 0; row < tensor.tokens(); row++) {
            for (int head = 0; head < tensor.heads(); head++) {
                tensor.read(row, head, numbers, 0);
                long offset = offset(strides, workload.rows(), row, head)
                        * tensor.dtype().bytes();
                tensor.dtype().write(numbers, 0, numbers.length, copy, offset);
            }
        }
        return torch.tensor(copy, tensor.dtype(), sizes, strides);
    }

    private MemorySegment keys(Tensor tensor) {
        long[] sizes = {groups.batch(), groups.heads(), workload.keys(), tensor.dim()};
        return torch.tensor(tensor.memory(), tensor.dtype(), sizes, groups.keyStrides(tensor));
    }

    /** Widens a row's head of a result into {@code into}. */
    void read(MemorySegment result, Quantity of, long row, int head, float[] into) {
        DType dtype = workload.dtype();
        long rows = of.rows(workload);
        long bytes = Tensor.denseBytes(dtype, rows, of.heads(workload), of.dim(workload));
        long offset = offset(torch.strides(result, 4), rows / workload.items(), row, head) * dtype.bytes();
        dtype.read(torch.data(result, bytes), offset, into, 0, of.dim(workload));
    }

    private long offset(long[] strides, long itemRows, long row, int head) {
        return groups.batchOf((int) (row / itemRows), head) * strides[0]
                + groups.headOf(head) * strides[1]
                + row % itemRows * strides[2];
    }

    @Override
    public void close() {
        torch.delete(queries);
        torch.delete(keys);
        torch.delete(values);
        arena.close();
    }
}
