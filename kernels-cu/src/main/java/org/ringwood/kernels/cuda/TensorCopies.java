package org.ringwood.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/** Copies of tensors and states; on the device they are dense. */
final class TensorCopies {
    private final Staging staging;

    TensorCopies(Staging staging) {
        this.staging = staging;
    }

    /** Queues the copy of a tensor to the device. */
    void upload(Tensor from, long to) {
        if (from.isDense()) {
            upload(from.memory(), from.denseBytes(), to);
        } else {
            staging.upload(to, from.denseBytes(), headBytes(from), new Heads(from)::read);
        }
    }

    /** Copies a tensor from the device. */
    void download(long from, Tensor to) {
        if (to.isDense()) {
            download(from, to.memory(), to.denseBytes());
        } else {
            staging.download(from, to.denseBytes(), headBytes(to), new Heads(to)::write);
        }
    }

    /** Queues the copy of a state to the device. */
    void upload(SoftmaxState from, long to) {
        upload(from.memory(), from.memory().byteSize(), to);
    }

    /** Copies a state from the device. */
    void download(long from, SoftmaxState to) {
        download(from, to.memory(), to.memory().byteSize());
    }

    /** Queues the copy of ints to the device. */
    void upload(IntTable from, long to) {
        MemorySegment words = MemorySegment.ofArray(from.words());
        upload(words, from.bytes(), to);
    }

    private void upload(MemorySegment from, long bytes, long to) {
        staging.upload(to, bytes, 1, (pinned, at) -> MemorySegment.copy(from, at, pinned, 0, pinned.byteSize()));
    }

    private void download(long from, MemorySegment to, long bytes) {
        staging.download(from, bytes, 1, (pinned, at) -> MemorySegment.copy(pinned, 0, to, at, pinned.byteSize()));
    }

    private static int headBytes(Tensor tensor) {
        return tensor.dim() * tensor.dtype().bytes();
    }

    /** The heads of a strided tensor, one after the other in the order (token, head). */
    private static final class Heads {
        private final Tensor tensor;
        private final int bytes;

        Heads(Tensor tensor) {
            this.tensor = tensor;
            this.bytes = headBytes(tensor);
        }

        void read(MemorySegment into, long offset) {
            for (long at = 0; at < into.byteSize(); at += bytes) {
                MemorySegment.copy(tensor.memory(), place((offset + at) / bytes), into, at, bytes);
            }
        }

        void write(MemorySegment from, long offset) {
            for (long at = 0; at < from.byteSize(); at += bytes) {
                MemorySegment.copy(from, at, tensor.memory(), place((offset + at) / bytes), bytes);
            }
        }

        private long place(long index) {
            return tensor.offset(index / tensor.heads(), (int) (index % tensor.heads()));
        }
    }
}
