package org.ringwood.benchmarks.libtorch;

import java.lang.foreign.MemorySegment;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.workload.Quantity;

/** Attends one workload. */
final class TorchContender implements Contender {
    private final TorchOperands operands;
    private final TorchResults results;

    /** Takes over the operands and closes them in the end. */
    TorchContender(TorchOperands operands) {
        this.operands = operands;
        this.results = new TorchResults(operands.torch(), 2);
    }

    @Override
    public void attend() {
        results.delete();
        operands.torch()
                .attend(
                        operands.queries(),
                        operands.keys(),
                        operands.values(),
                        operands.isCausal(),
                        results.slot(0),
                        results.slot(1));
    }

    MemorySegment out() {
        return results.tensor(0);
    }

    MemorySegment lse() {
        return results.tensor(1);
    }

    @Override
    public void read(Quantity of, long row, int head, float[] into) {
        operands.read(out(), of, row, head, into);
    }

    @Override
    public void close() {
        results.close();
        operands.close();
    }
}
