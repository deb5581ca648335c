package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/** Tensors and states on a device for a test: twins of the host's with the same strides, gaps and all. */
final class OnDevice implements AutoCloseable {
    private final DeviceMemory memory;
    private final List<MemorySegment> allocated = new ArrayList<>();

    OnDevice(DeviceMemory memory) {
        this.memory = memory;
    }

    /** Memory of undefined content. */
    MemorySegment allocate(long bytes) {
        MemorySegment segment = memory.allocate(bytes);
        allocated.add(segment);
        return segment;
    }

    /** A tensor with the strides of another, of undefined content. */
    Tensor like(Tensor tensor) {
        // A segment of another library may begin at any element.
        long lead = tensor.isDense() ? 0 : tensor.dtype().bytes();
        MemorySegment segment = allocate(lead + tensor.memory().byteSize()).asSlice(lead);
        return new Tensor(
                segment,
                tensor.dtype(),
                tensor.tokens(),
                tensor.heads(),
                tensor.dim(),
                tensor.tokenStride(),
                tensor.headStride());
    }

    /** A copy with the same strides. */
    Tensor copy(Tensor tensor) {
        Tensor copy = like(tensor);
        AttentionCase.await(memory.upload(tensor, copy));
        return copy;
    }

    /** A state of the shape of another, of undefined content. */
    SoftmaxState like(SoftmaxState state) {
        return new SoftmaxState(allocate(state.memory().byteSize()), state.rows(), state.heads(), state.dimV());
    }

    /** A copy. */
    SoftmaxState copy(SoftmaxState state) {
        SoftmaxState copy = like(state);
        AttentionCase.await(memory.upload(state.records(), copy.records()));
        return copy;
    }

    /** The call with all it reads and writes on the device; its state is {@code state}. */
    AttentionCall call(AttentionCall call, SoftmaxState state) {
        return call(call, copy(call.queries()), copy(call.keys()), copy(call.values()), state);
    }

    static AttentionCall call(AttentionCall call, Tensor queries, Tensor keys, Tensor values, SoftmaxState state) {
        return new AttentionCall(
                queries,
                keys,
                values,
                call.queryPositions(),
                call.keyPositions(),
                call.slices(),
                call.scale(),
                call.softcap(),
                call.dropout(),
                state,
                call.cancellation());
    }

    /** What is in a state. */
    MemorySegment content(Arena arena, SoftmaxState state) {
        Tensor host = Tensor.dense(
                arena.allocate(state.memory().byteSize(), 64),
                DType.F32,
                state.rows(),
                state.heads(),
                state.dimV() + SoftmaxState.HEADER);
        AttentionCase.await(memory.download(state.records(), host));
        return host.memory();
    }

    @Override
    public void close() {
        allocated.forEach(memory::free);
    }
}
