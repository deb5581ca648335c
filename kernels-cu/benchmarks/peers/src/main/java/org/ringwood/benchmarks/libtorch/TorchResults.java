package org.ringwood.benchmarks.libtorch;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The tensors that a call of libtorch makes: as in PyTorch, every call allocates its results. */
final class TorchResults implements AutoCloseable {
    private final TorchLibrary torch;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment slots;
    private final int count;

    TorchResults(TorchLibrary torch, int count) {
        this.torch = torch;
        this.count = count;
        this.slots = arena.allocate(ADDRESS, count);
    }

    /** Where a call writes its result. */
    MemorySegment slot(int index) {
        return slots.asSlice(index * ADDRESS.byteSize(), ADDRESS.byteSize());
    }

    /** The result of the last call. */
    MemorySegment tensor(int index) {
        return slots.getAtIndex(ADDRESS, index);
    }

    /** Frees the results of the last call, if there are any. */
    void delete() {
        for (int i = 0; i < count; i++) {
            if (!tensor(i).equals(MemorySegment.NULL)) {
                torch.delete(tensor(i));
                slots.setAtIndex(ADDRESS, i, MemorySegment.NULL);
            }
        }
    }

    @Override
    public void close() {
        delete();
        arena.close();
    }
}
