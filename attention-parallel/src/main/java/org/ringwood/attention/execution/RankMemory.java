package org.ringwood.attention.execution;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;

/**
 * Where the buffers of one run are: the caller's tensors, slots, or a neighbour's memory that is read in place until its last reader
 * is done. Measures how much of it was used.
 */
final class RankMemory {
    private final CallerTensors tensors;
    private final List<MemorySegment> slots;
    private final @Nullable Loan[] loans;
    private final long[] usedBytes;
    private final BitSet onDevice;

    private static final class Loan {
        private final BorrowedTransfer transfer;
        private int readers;

        Loan(BorrowedTransfer transfer, int readers) {
            this.transfer = transfer;
            this.readers = readers;
        }
    }

    RankMemory(RankPlan plan, CallerTensors tensors, List<MemorySegment> slots) {
        this.tensors = tensors;
        this.slots = slots;
        this.loans = new Loan[plan.buffers().size()];
        this.usedBytes = new long[slots.size()];
        this.onDevice = plan.slotsOnDevice();
    }

    /** Puts a payload in the place of a buffer until {@code readers} steps have called {@link #read}, or none if none will. */
    void lend(Buffer buffer, BorrowedTransfer transfer, int readers) {
        use(buffer, transfer.payload());
        if (readers == 0) {
            transfer.release();
        } else {
            loans[buffer.id()] = new Loan(transfer, readers);
        }
    }

    /** A step that read the buffer is done. */
    void read(Buffer buffer) {
        Loan loan = loans[buffer.id()];
        if (loan != null && --loan.readers == 0) {
            loans[buffer.id()] = null;
            loan.transfer.release();
        }
    }

    private MemorySegment memory(Buffer buffer) {
        Loan loan = loans[buffer.id()];
        if (loan != null) {
            return loan.transfer.payload();
        }
        MemorySegment memory = slots.get(buffer.slot()).asSlice(0, buffer.bytes());
        use(buffer, memory);
        return memory;
    }

    private void use(Buffer buffer, MemorySegment memory) {
        usedBytes[buffer.slot()] = Math.max(usedBytes[buffer.slot()], memory.byteSize());
    }

    /** A part as a tensor; of a state its records. */
    Tensor tensor(Part part) {
        return whole(part.buffer()).rows(part.fromRow(), part.toRow()).heads(part.fromHead(), part.toHead());
    }

    private Tensor whole(Buffer buffer) {
        if (buffer.isCallers()) {
            return tensors.of(buffer.operand());
        }
        return buffer.operand() == Operand.STATE
                ? state(buffer.all()).records()
                : Tensor.dense(memory(buffer), buffer.dtype(), buffer.rows(), buffer.heads(), buffer.dim());
    }

    SoftmaxState state(Part part) {
        Buffer buffer = part.buffer();
        return new SoftmaxState(memory(buffer), buffer.rows(), buffer.heads(), buffer.dim())
                .slice(part.fromRow(), part.toRow());
    }

    /** The memory of a contiguous part. */
    MemorySegment contiguous(Part part) {
        return tensor(part).memory().asSlice(0, part.bytes());
    }

    /** Bytes in a space: of the caller's tensors, and of each slot what the largest buffer in it took. */
    long peakBytes(Space space) {
        long bytes = tensors.bytes(space);
        for (int slot = 0; slot < usedBytes.length; slot++) {
            bytes += onDevice.get(slot) == (space == Space.DEVICE) ? usedBytes[slot] : 0;
        }
        return bytes;
    }

    /** Buffers that a step reads, as often as it reads them. */
    static List<Buffer> readBy(Step step) {
        return switch (step) {
            case Step.Send send -> List.of(send.part().buffer());
            case Step.Copy copy -> List.of(copy.from().buffer());
            case Step.Upload upload -> List.of(upload.from().buffer());
            case Step.Download download -> List.of(download.from().buffer());
            case Step.Attend attend ->
                List.of(
                        attend.queries().buffer(),
                        attend.keys().buffer(),
                        attend.values().buffer());
            case Step.Delta delta ->
                List.of(delta.out().buffer(), delta.outGradients().buffer());
            case Step.Differentiate of ->
                List.of(
                        of.queries().buffer(),
                        of.keys().buffer(),
                        of.values().buffer(),
                        of.lse().buffer(),
                        of.delta().buffer(),
                        of.outGradients().buffer());
            case Step.Add add -> List.of(add.from().buffer());
            case Step.Round round -> List.of(round.from().buffer());
            case Step.Receive _, Step.Clear _, Step.AllReduce _, Step.Finish _ -> List.of();
        };
    }
}
