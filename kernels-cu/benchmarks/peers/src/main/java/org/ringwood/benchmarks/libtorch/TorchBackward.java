package org.ringwood.benchmarks.libtorch;

import java.lang.foreign.MemorySegment;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.workload.Pass;
import org.ringwood.benchmarks.workload.Quantity;
import org.ringwood.kernels.Tensor;

/** Computes the gradients of one workload, after one attention that is not measured. */
final class TorchBackward implements Contender {
    private final TorchOperands operands;
    private final TorchContender forward;
    private final MemorySegment outGradients;
    private final TorchResults results;

    /** Takes over the operands and closes them in the end. */
    TorchBackward(TorchOperands operands, Tensor outGradients) {
        this.operands = operands;
        this.outGradients = operands.rows(outGradients);
        this.forward = new TorchContender(operands);
        this.results =
                new TorchResults(operands.torch(), Pass.BACKWARD.results().size());
    }

    @Override
    public void attend() {
        if (forward.out().equals(MemorySegment.NULL)) {
            forward.attend();
        }
        results.delete();
        operands.torch()
                .attendBackward(
                        outGradients,
                        operands.queries(),
                        operands.keys(),
                        operands.values(),
                        forward.out(),
                        forward.lse(),
                        operands.isCausal(),
                        results.slot(0),
                        results.slot(1),
                        results.slot(2));
    }

    @Override
    public void read(Quantity of, long row, int head, float[] into) {
        operands.read(results.tensor(Pass.BACKWARD.results().indexOf(of)), of, row, head, into);
    }

    @Override
    public void close() {
        results.close();
        operands.torch().delete(outGradients);
        forward.close();
    }
}
