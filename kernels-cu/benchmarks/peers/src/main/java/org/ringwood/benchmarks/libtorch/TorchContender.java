package org.ringwood.benchmarks.libtorch;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.workload.Masking;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * One workload's tensors as libtorch has them. Keys and values are read where they lie; queries are copied once into libtorch's order of
 * dimensions. As in PyTorch, every call allocates its output.
 */
final class TorchContender implements Contender {
    private static final long ALIGNMENT = 64;

    private final TorchLibrary torch;
    private final HeadGroups groups;
    private final Workload workload;
    private final Arena arena = Arena.ofConfined();
    private final boolean causal;
    private final MemorySegment queries;
    private final MemorySegment keys;
    private final MemorySegment values;
    private final MemorySegment out = arena.allocate(ADDRESS);
    private final MemorySegment lse = arena.allocate(ADDRESS);

    TorchContender(TorchLibrary torch, Operands operands) {
        this.torch = torch;
        this.workload = operands.workload();
        this.groups = HeadGroups.of(workload);
        this.causal = workload.masking() instanceof Masking.Causal;
        this.queries = queries(operands.queries());
        this.keys = keys(operands.keys());
        this.values = keys(operands.values());
    }

    private MemorySegment queries(Tensor tensor) {
        MemorySegment copy = arena.allocate(tensor.denseBytes(), ALIGNMENT);
        long[] sizes = {groups.batch(), groups.heads(), workload.rows(), tensor.dim()};
        long[] strides = {sizes[1] * sizes[2] * sizes[3], sizes[2] * sizes[3], sizes[3], 1};
        float[] numbers = new float[tensor.dim()];
        for (long row = 0; row < tensor.tokens(); row++) {
            for (int head = 0; head < tensor.heads(); head++) {
                tensor.read(row, head, numbers, 0);
                long offset = offset(strides, row, head) * tensor.dtype().bytes();
                tensor.dtype().write(numbers, 0, numbers.length, copy, offset);
            }
        }
        return torch.tensor(copy, tensor.dtype(), sizes, strides);
    }

    private MemorySegment keys(Tensor tensor) {
        long[] sizes = {groups.batch(), groups.heads(), workload.keys(), tensor.dim()};
        return torch.tensor(tensor.memory(), tensor.dtype(), sizes, groups.keyStrides(tensor));
    }

    private long offset(long[] strides, long row, int head) {
        return groups.batchOf(row, head) * strides[0]
                + groups.headOf(head) * strides[1]
                + groups.rowOf(row) * strides[2];
    }

    @Override
    public void attend() {
        deleteOutput();
        torch.attend(queries, keys, values, causal, out, lse);
    }

    @Override
    public void output(long row, int head, float[] into) {
        DType dtype = workload.dtype();
        MemorySegment tensor = out.get(ADDRESS, 0);
        long bytes = Tensor.denseBytes(dtype, workload.allRows(), workload.heads(), workload.dimV());
        long offset = offset(torch.strides(tensor, 4), row, head) * dtype.bytes();
        dtype.read(torch.data(tensor, bytes), offset, into, 0, workload.dimV());
    }

    private void deleteOutput() {
        for (MemorySegment result : new MemorySegment[] {out, lse}) {
            if (!result.get(ADDRESS, 0).equals(MemorySegment.NULL)) {
                torch.delete(result.get(ADDRESS, 0));
                result.set(ADDRESS, 0, MemorySegment.NULL);
            }
        }
    }

    @Override
    public void close() {
        deleteOutput();
        torch.delete(queries);
        torch.delete(keys);
        torch.delete(values);
        arena.close();
    }
}
