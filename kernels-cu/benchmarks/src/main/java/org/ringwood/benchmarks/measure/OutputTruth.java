package org.ringwood.benchmarks.measure;

import java.util.List;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.workload.Quantity;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.AttentionProblem;
import org.ringwood.kernels.scalar.Oracle;

/** The output of 33 (row, head) pairs at most, spread over all, the last row's last head among them. */
final class OutputTruth implements Truth {
    private static final int SAMPLES = 32;

    private final Workload workload;
    private final Ringwood own;
    private final List<Sample> samples;

    private record Sample(long row, int head, Oracle oracle) {}

    OutputTruth(Operands operands, Ringwood own) {
        this.workload = operands.workload();
        this.own = own;
        AttentionProblem problem = problem(operands);
        int heads = workload.heads();
        this.samples = SampledRows.of(workload.allRows() * heads, SAMPLES)
                .mapToObj(pair -> new Sample(
                        pair / heads, (int) (pair % heads), problem.oracle(pair / heads, (int) (pair % heads))))
                .toList();
    }

    /** The operands as a problem for the oracle. */
    static AttentionProblem problem(Operands operands) {
        return new AttentionProblem(
                operands.queries(),
                operands.keys(),
                operands.values(),
                operands.workload().slices(),
                operands.scale(),
                0,
                operands.dropout());
    }

    @Override
    public double relativeError(Contender contender) {
        float[] out = new float[workload.dimV()];
        RelativeError error = new RelativeError();
        for (Sample sample : samples) {
            contender.read(Quantity.OUTPUT, sample.row, sample.head, out);
            error.add(out, sample.oracle.exact().out());
        }
        return error.get();
    }

    @Override
    public boolean holds() {
        float[] out = new float[workload.dimV()];
        Accuracy accuracy = Accuracy.none(workload.dtype());
        for (Sample sample : samples) {
            own.read(Quantity.OUTPUT, sample.row, sample.head, out);
            float lse = own.lse().get(sample.row, sample.head, 0);
            accuracy = accuracy.and(sample.oracle.judge(workload.dtype(), out, lse));
        }
        return accuracy.holds();
    }
}
