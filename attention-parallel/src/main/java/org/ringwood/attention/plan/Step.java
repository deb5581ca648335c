package org.ringwood.attention.plan;

import java.util.List;
import org.ringwood.attention.AttentionShape;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Slice;

/** One thing that a rank does. A step may start when all steps that it comes after are done; steps that nothing orders may overlap. */
public sealed interface Step {
    /** Index of the step among those of its rank. */
    int id();

    /** Ids of the steps that must be done before, all smaller than {@link #id}. */
    List<Integer> after();

    /** A message: one part of one tensor, between two ranks. */
    sealed interface Message extends Step {
        /** What is sent, or where it is received. */
        Part part();

        /** The other rank. */
        int peer();

        /** Sequential network step, from 0. */
        int hop();

        /** Distinguishes the messages of a hop between two ranks. */
        int tag();
    }

    /** Work of the device. The kernels of a device run in the order in which they are queued. */
    sealed interface Kernel extends Step {
        /** Floating-point operations of attention, see {@link AttentionShape#flops}; 0 for what only moves or merges. */
        default long flops(AttentionShape shape) {
            return 0;
        }
    }

    /** Sends {@code part}, which is contiguous in memory. */
    record Send(int id, List<Integer> after, Part part, int peer, int hop, int tag) implements Message {
        @Override
        public String toString() {
            return "send " + part + " to rank " + peer + " in hop " + hop;
        }
    }

    /**
     * Receives {@code part}, which is contiguous in memory.
     *
     * @param borrowed whether it is read where the transport has it, in the sender's memory if that is shared. Only a message that is all
     *     of its buffer, and lies in memory that does not change until the operation ends, may be
     */
    record Receive(int id, List<Integer> after, Part part, int peer, int hop, int tag, boolean borrowed)
            implements Message {
        @Override
        public String toString() {
            return "receive " + part + " from rank " + peer + " in hop " + hop;
        }
    }

    /** Copies one part into another of the same shape, to pack a head range for sending or to unpack one. */
    record Copy(int id, List<Integer> after, Part from, Part to) implements Kernel {
        @Override
        public String toString() {
            return "copy " + from;
        }
    }

    /** Copies a part from the host to one of the same shape on the device, beside the device's kernels. */
    record Upload(int id, List<Integer> after, Part from, Part to) implements Step {
        @Override
        public String toString() {
            return "upload " + from;
        }
    }

    /** Copies a part from the device to one of the same shape on the host, beside the device's kernels. */
    record Download(int id, List<Integer> after, Part from, Part to) implements Step {
        @Override
        public String toString() {
            return "download " + from;
        }
    }

    /** Makes states the identity of the merge, and sums of gradients 0. */
    record Clear(int id, List<Integer> after, Part state) implements Kernel {
        @Override
        public String toString() {
            return "clear " + state;
        }
    }

    /**
     * Attends queries to the keys and values of one region and accumulates into a state.
     *
     * @param firstHead which head of the whole the first one of the queries is
     * @param queryPositions global positions of the query rows
     * @param keyPositions global positions of the key rows
     * @param slices what of the mask concerns these rows
     * @param state of the query rows and heads
     * @param area admitted pairs of one head
     */
    record Attend(
            int id,
            List<Integer> after,
            Part queries,
            int firstHead,
            Part keys,
            Part values,
            Positions queryPositions,
            Positions keyPositions,
            List<Slice> slices,
            Part state,
            long area)
            implements Kernel {
        @Override
        public long flops(AttentionShape shape) {
            return shape.flops(area, queries.heads());
        }

        @Override
        public String toString() {
            return "attend " + queries + " to " + keys;
        }
    }

    /**
     * Merges the states of all ranks, or adds up their sums of gradients, node by node; every rank has this step at the same place.
     *
     * @param incoming where states of other ranks come in; without rows on a rank that merges none
     */
    record AllReduce(int id, List<Integer> after, Part state, Part incoming) implements Step {
        @Override
        public String toString() {
            return "all-reduce " + state;
        }
    }

    /**
     * Turns states into output and lse.
     *
     * @param firstHead which head of the whole the first one of the state is
     */
    record Finish(int id, List<Integer> after, Part state, int firstHead, Part out, Part lse) implements Kernel {
        @Override
        public String toString() {
            return "finish " + out;
        }
    }

    /** Sums up the output times its gradients, for every row and head. */
    record Delta(int id, List<Integer> after, Part out, Part outGradients, Part delta) implements Kernel {
        @Override
        public String toString() {
            return "sum up " + out + " times its gradients";
        }
    }

    /**
     * Adds the gradients of one region of attention to those of its queries, keys and values.
     *
     * @param firstHead which head of the whole the first one of the queries is
     * @param queryPositions global positions of the query rows
     * @param keyPositions global positions of the key rows
     * @param slices what of the mask concerns these rows
     * @param area admitted pairs of one head
     */
    record Differentiate(
            int id,
            List<Integer> after,
            Part queries,
            int firstHead,
            Part keys,
            Part values,
            Positions queryPositions,
            Positions keyPositions,
            List<Slice> slices,
            Part lse,
            Part delta,
            Part outGradients,
            Part queryGradients,
            Part keyGradients,
            Part valueGradients,
            long area)
            implements Kernel {
        @Override
        public long flops(AttentionShape shape) {
            return shape.backwardFlops(area, queries.heads());
        }

        @Override
        public String toString() {
            return "differentiate " + queries + " and " + keys;
        }
    }

    /** Adds sums of gradients to others. */
    record Add(int id, List<Integer> after, Part from, Part into) implements Kernel {
        @Override
        public String toString() {
            return "add " + from;
        }
    }

    /** Rounds sums of gradients to the caller's dtype. */
    record Round(int id, List<Integer> after, Part from, Part to) implements Kernel {
        @Override
        public String toString() {
            return "round " + from;
        }
    }
}
