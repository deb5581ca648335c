package org.ringwood.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;

/**
 * A call's operands on the device. What is there already is used where it is; of what the host has, there is a dense copy while the call is queued, which is
 * copied back if the call writes it.
 */
final class Operands implements AutoCloseable {
    private final TensorCopies copies;
    private final MemoryPool.Scope memory;

    Operands(Gpu gpu) {
        this.copies = gpu.copies();
        this.memory = gpu.memory().open();
    }

    /** Memory for the call. */
    MemorySegment allocate(long bytes) {
        return Space.onDevice(memory.allocate(bytes), bytes);
    }

    /** The tensor, or memory for its copy. */
    Tensor place(Tensor tensor) {
        return tensor.space() == Space.DEVICE ? tensor : dense(tensor, allocate(tensor.denseBytes()));
    }

    /** The tensor, or its copy. */
    Tensor read(Tensor tensor) {
        return tensor.space() == Space.DEVICE ? tensor : copy(tensor, allocate(tensor.denseBytes()));
    }

    /** The tensor, or its copy in memory that has room for it. */
    Tensor read(Tensor tensor, MemorySegment room) {
        return tensor.space() == Space.DEVICE ? tensor : copy(tensor, room);
    }

    private Tensor copy(Tensor tensor, MemorySegment room) {
        Tensor copy = dense(tensor, room);
        copies.upload(tensor, copy);
        return copy;
    }

    private static Tensor dense(Tensor tensor, MemorySegment memory) {
        return Tensor.dense(memory, tensor.dtype(), tensor.tokens(), tensor.heads(), tensor.dim());
    }

    /** The state, or its copy. */
    SoftmaxState read(SoftmaxState state) {
        if (state.space() == Space.DEVICE) {
            return state;
        }
        MemorySegment room = allocate(state.memory().byteSize());
        SoftmaxState copy = new SoftmaxState(room, state.rows(), state.heads(), state.dimV());
        copies.upload(state.records(), copy.records());
        return copy;
    }

    /** Takes what was written back to the host, if it belongs there. */
    void write(Tensor onDevice, Tensor to) {
        if (to.space() == Space.HOST) {
            copies.download(onDevice, to);
        }
    }

    /** Takes a state back to the host, if it belongs there. */
    void write(SoftmaxState onDevice, SoftmaxState to) {
        write(onDevice.records(), to.records());
    }

    /** Copies tables to the device, in one piece. */
    long[] upload(IntTable... tables) {
        int words = 0;
        for (IntTable table : tables) {
            words = Math.addExact(words, table.paddedLength());
        }
        int[] all = new int[words];
        long address = memory.allocate((long) words * Integer.BYTES);
        long[] addresses = new long[tables.length];
        int at = 0;
        for (int i = 0; i < tables.length; i++) {
            addresses[i] = address + (long) at * Integer.BYTES;
            tables[i].copyTo(all, at);
            at += tables[i].paddedLength();
        }
        copies.upload(all, address);
        return addresses;
    }

    @Override
    public void close() {
        memory.close();
    }
}
