package org.ringwood.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.cuda.driver.Driver;

/** Copies of tensors of any strides, in the order of a stream. */
final class TensorCopies {
    private final Staging staging;
    private final Runnable poll;

    /** @param poll run before every piece of host memory; it may throw to end a copy */
    TensorCopies(Staging staging, Runnable poll) {
        this.staging = staging;
        this.poll = poll;
    }

    /** Queues the copy of a tensor of the host to one of the device; the host's is read before this returns. */
    void upload(Tensor from, Tensor to) {
        each(to, from, (device, host) -> {
            if (host.isDense()) {
                MemorySegment memory = host.memory();
                staging.upload(
                        rows(device),
                        polling((pinned, at) -> MemorySegment.copy(memory, at, pinned, 0, pinned.byteSize())));
            } else {
                staging.upload(rows(device), polling(new Heads(host)::read));
            }
        });
    }

    /** Copies a tensor of the device to one of the host. */
    void download(Tensor from, Tensor to) {
        each(from, to, (device, host) -> {
            if (host.isDense()) {
                MemorySegment memory = host.memory();
                staging.download(
                        rows(device),
                        polling((pinned, at) -> MemorySegment.copy(pinned, 0, memory, at, pinned.byteSize())));
            } else {
                staging.download(rows(device), polling(new Heads(host)::write));
            }
        });
    }

    private Staging.HostCopy polling(Staging.HostCopy copy) {
        return (pinned, offset) -> {
            poll.run();
            copy.copy(pinned, offset);
        };
    }

    /** Queues a copy within the device. */
    void copy(Tensor from, Tensor to) {
        if (from.tokens() > 0 && haveRows(from) && haveRows(to)) {
            staging.copy(pitched(from), pitched(to));
        } else if (from.tokens() > 0) {
            for (int head = 0; head < from.heads(); head++) {
                staging.copy(pitched(from.heads(head, head + 1)), pitched(to.heads(head, head + 1)));
            }
        }
    }

    /** Queues the copy of ints to the device. */
    void upload(int[] words, long to) {
        MemorySegment memory = MemorySegment.ofArray(words);
        staging.upload(
                new Driver.Rows(to, Integer.BYTES, Integer.BYTES, words.length),
                (pinned, at) -> MemorySegment.copy(memory, at, pinned, 0, pinned.byteSize()));
    }

    /** Does something with both tensors, or with one head after the other if a row of {@code device} is not in one piece that can be staged. */
    private static void each(Tensor device, Tensor host, BiConsumer<Tensor, Tensor> body) {
        if (device.isDense() || (haveRows(device) && rowBytes(device) <= Staging.PIECE_BYTES)) {
            body.accept(device, host);
        } else {
            for (int head = 0; head < device.heads(); head++) {
                body.accept(device.heads(head, head + 1), host.heads(head, head + 1));
            }
        }
    }

    private static boolean haveRows(Tensor tensor) {
        return tensor.heads() == 1 || tensor.headStride() == tensor.dim();
    }

    private static long headBytes(Tensor tensor) {
        return (long) tensor.dim() * tensor.dtype().bytes();
    }

    private static long rowBytes(Tensor tensor) {
        return tensor.heads() * headBytes(tensor);
    }

    /** A dense tensor's heads follow each other, and one by one they are short enough to be staged. */
    private static Driver.Rows rows(Tensor device) {
        if (device.isDense()) {
            long width = headBytes(device);
            return new Driver.Rows(device.memory().address(), width, width, device.tokens() * device.heads());
        }
        return pitched(device);
    }

    private static Driver.Rows pitched(Tensor device) {
        long width = rowBytes(device);
        // The driver refuses rows that overlap, also if there is but one.
        long pitch = device.tokens() == 1
                ? width
                : device.tokenStride() * device.dtype().bytes();
        return new Driver.Rows(device.memory().address(), width, pitch, device.tokens());
    }

    /** The heads of a strided tensor of the host, one after the other in the order (token, head). */
    private static final class Heads {
        private final Tensor tensor;
        private final long bytes;

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
