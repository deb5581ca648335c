package org.ringwood.benchmarks.libtorch;

import java.util.Optional;
import org.ringwood.benchmarks.workload.Pass;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.Tensor;

/**
 * How a workload is laid over libtorch's dimensions {@code [batch, heads, tokens, dim]}, in which queries have as many heads as keys. Equal
 * heads are what they are. Grouped ones become a batch of one entry for every key head and sequence, whose heads are the group; they read
 * the same keys by a stride of 0, so that nothing is copied.
 *
 * @param workload what is attended
 * @param group query heads that share a key head
 */
record HeadGroups(Workload workload, int group) {
    static HeadGroups of(Workload workload) {
        return new HeadGroups(workload, workload.heads() / workload.keyHeads());
    }

    /** Why libtorch can't attend these heads by strides alone, if so. */
    static Optional<String> obstacle(Workload workload) {
        if (workload.pass() == Pass.BACKWARD && workload.heads() != workload.keyHeads()) {
            return Optional.of(
                    "gradients of grouped heads are computed: its operator has one for every query head, and no sum");
        }
        if (workload.heads() % workload.keyHeads() != 0) {
            return Optional.of("heads are not in groups of equal size");
        }
        boolean grouped = workload.heads() != workload.keyHeads();
        boolean oneStride = workload.items() == 1 || workload.layout() == Workload.Layout.HTD;
        return grouped && !oneStride
                ? Optional.of("grouped heads of several sequences have no common stride")
                : Optional.empty();
    }

    private boolean grouped() {
        return group > 1;
    }

    int batch() {
        return grouped() ? workload.keyHeads() * workload.items() : workload.items();
    }

    int heads() {
        return grouped() ? group : workload.heads();
    }

    /** Strides of keys or values. */
    long[] keyStrides(Tensor tensor) {
        long itemStride = workload.keys() * tensor.tokenStride();
        if (!grouped()) {
            return new long[] {itemStride, tensor.headStride(), tensor.tokenStride(), 1};
        }
        // With heads first, the next sequence of the last one is the first sequence of the next head.
        long batchStride = workload.items() == 1 ? tensor.headStride() : itemStride;
        return new long[] {batchStride, 0, tensor.tokenStride(), 1};
    }

    /** Entry of the batch that holds a head of one of the sequences. */
    int batchOf(int item, int head) {
        return grouped() ? head / group * workload.items() + item : item;
    }

    /** Head, within its entry of the batch, that holds a query's head. */
    int headOf(int head) {
        return grouped() ? head % group : head;
    }
}
