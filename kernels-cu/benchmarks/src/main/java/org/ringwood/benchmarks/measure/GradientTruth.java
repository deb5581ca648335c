package org.ringwood.benchmarks.measure;

import java.util.List;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.workload.Quantity;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.scalar.GradientAccuracy;
import org.ringwood.kernels.scalar.GradientSamples;

/**
 * The gradients of 33 pairs of a query and a head at most, spread over all, and of 17 keys and values of the last head, as each head of keys takes the
 * oracle as long as attending all that read it.
 */
final class GradientTruth implements Truth {
    private static final int QUERY_SAMPLES = 32;
    private static final int KEY_SAMPLES = 16;

    private final Workload workload;
    private final Contender own;
    private final GradientSamples samples;

    GradientTruth(Operands operands, Contender own) {
        this.workload = operands.workload();
        this.own = own;
        this.samples = new GradientSamples(
                OutputTruth.problem(operands), operands.outGradients().orElseThrow());
        int heads = workload.heads();
        SampledRows.of(workload.allRows() * heads, QUERY_SAMPLES)
                .forEach(pair -> samples.addQuery(pair / heads, (int) (pair % heads)));
        samples.addKeys(SampledRows.of(workload.allKeys(), KEY_SAMPLES).boxed().toList(), workload.keyHeads() - 1);
    }

    private List<GradientSamples.Sample> samples(Quantity of) {
        return switch (of) {
            case QUERY_GRADIENT -> samples.queries();
            case KEY_GRADIENT -> samples.keys();
            case VALUE_GRADIENT -> samples.values();
            case OUTPUT -> throw new IllegalArgumentException("a backward pass has no " + of);
        };
    }

    @Override
    public double relativeError(Contender contender) {
        return workload.pass().results().stream()
                .mapToDouble(of -> relativeError(contender, of))
                .max()
                .orElseThrow();
    }

    private double relativeError(Contender contender, Quantity of) {
        float[] actual = new float[of.dim(workload)];
        RelativeError error = new RelativeError();
        for (GradientSamples.Sample sample : samples(of)) {
            contender.read(of, sample.row(), sample.head(), actual);
            error.add(actual, sample.exact());
        }
        return error.get();
    }

    @Override
    public boolean holds() {
        return new GradientAccuracy(
                        distance(Quantity.QUERY_GRADIENT),
                        distance(Quantity.KEY_GRADIENT),
                        distance(Quantity.VALUE_GRADIENT))
                .holds();
    }

    private GradientAccuracy.Distance distance(Quantity of) {
        float[] actual = new float[of.dim(workload)];
        return samples(of).stream()
                .map(sample -> {
                    own.read(of, sample.row(), sample.head(), actual);
                    return sample.distance(actual, workload.dtype());
                })
                .reduce(GradientAccuracy.Distance::and)
                .orElseThrow();
    }
}
