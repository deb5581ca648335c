package org.ringwood.benchmarks.measure;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.AttentionProblem;
import org.ringwood.kernels.scalar.Oracle;

/** The f64 oracle's output of some rows of a workload, which all outputs are measured against. */
final class Truth {
    private static final int SAMPLES = 32;

    private final Workload workload;
    private final List<Sample> samples = new ArrayList<>();

    private record Sample(long row, int head, Oracle oracle) {}

    /** Computes up to 33 (row, head) pairs, spread over all, the last row's last head among them. */
    Truth(Operands operands) {
        this.workload = operands.workload();
        AttentionProblem problem = new AttentionProblem(
                operands.queries(), operands.keys(), operands.values(), workload.slices(), operands.scale(), 0);
        long pairs = workload.allRows() * workload.heads();
        // Odd, so that even numbers of heads are all met.
        long stride = Math.max(1, pairs / SAMPLES) | 1;
        for (long pair = 0; pair < pairs - 1; pair += stride) {
            add(problem, pair);
        }
        add(problem, pairs - 1);
    }

    private void add(AttentionProblem problem, long pair) {
        long row = pair / workload.heads();
        int head = (int) (pair % workload.heads());
        samples.add(new Sample(row, head, problem.oracle(row, head)));
    }

    /** How far an output is from the truth in the Euclidean norm, relative to the truth. */
    double relativeError(Contender contender) {
        float[] out = new float[workload.dimV()];
        double error = 0;
        double size = 0;
        for (Sample sample : samples) {
            contender.output(sample.row, sample.head, out);
            double[] truth = sample.oracle.exact().out();
            for (int i = 0; i < out.length; i++) {
                double difference = out[i] - truth[i];
                error += difference * difference;
                size += truth[i] * truth[i];
            }
        }
        return Math.sqrt(error / size);
    }

    /** Whether our own output is within the bounds of the project's contract. */
    boolean holds(Ringwood own) {
        float[] out = new float[workload.dimV()];
        Accuracy accuracy = Accuracy.none(workload.dtype());
        for (Sample sample : samples) {
            own.output(sample.row, sample.head, out);
            accuracy = accuracy.and(sample.oracle.judge(workload.dtype(), out, own.lse(sample.row, sample.head)));
        }
        return accuracy.holds();
    }

    /** The largest difference of any element of two outputs; not a number if an element of one is none. */
    static double largestDifference(Workload workload, Contender one, Contender other) {
        float[] out = new float[workload.dimV()];
        float[] otherOut = new float[workload.dimV()];
        double largest = 0;
        for (long row = 0; row < workload.allRows(); row++) {
            for (int head = 0; head < workload.heads(); head++) {
                one.output(row, head, out);
                other.output(row, head, otherOut);
                for (int i = 0; i < out.length; i++) {
                    largest = Math.max(largest, Math.abs((double) out[i] - otherOut[i]));
                }
            }
        }
        return largest;
    }
}
