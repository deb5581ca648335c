package org.ringwood.attention.execution;

import java.util.List;
import org.ringwood.attention.plan.Plan;
import org.ringwood.collectives.Digest;
import org.ringwood.kernels.Dropout;

/**
 * How scores are made of queries and keys, what else takes a share of the weights, and which of these are dropped.
 *
 * @param scale factor of {@code q · k}
 * @param softcap {@code c > 0} bounds scores to {@code c · tanh(score / c)}; 0 leaves them
 * @param sinks logits of learnt sinks, one a query head: {@code exp(sink)} is added to the sum of every row's exponentials; empty for none
 * @param dropout of the weights; all ranks give the same, and every attention a seed of its own. Sinks are not dropped
 */
public record Scoring(float scale, float softcap, List<Float> sinks, Dropout dropout) {
    /** The immutable settings. */
    public Scoring {
        sinks = List.copyOf(sinks);
    }

    /** Without sinks and dropout. */
    public Scoring(float scale, float softcap) {
        this(scale, softcap, List.of(), Dropout.NONE);
    }

    /** The usual {@code 1 / sqrt(dim)}, no softcap, no sinks, no dropout. */
    public static Scoring of(int dim) {
        return new Scoring((float) (1 / Math.sqrt(dim)), 0);
    }

    /** The same with sinks. */
    public Scoring withSinks(List<Float> logits) {
        return new Scoring(scale, softcap, logits, dropout);
    }

    /**
     * The same with dropout of the weights, as a trainer wants it: {@code scoring.withDropout(0.1, seed)} for every attention.
     *
     * @param rate share of the weights that is dropped, at least 0 and less than 1
     * @param seed the same on all ranks; another one for each layer, step and micro-batch, such as a number that counts them
     * @throws IllegalArgumentException if there is no such rate
     */
    public Scoring withDropout(double rate, long seed) {
        return new Scoring(scale, softcap, sinks, new Dropout(rate, seed));
    }

    /** Digest of a plan and how its scores are made: ranks that differ in it would merge what does not belong together. */
    long digest(Plan plan) {
        long digest = Digest.of(
                "scored",
                plan.digest(),
                Float.floatToIntBits(scale),
                Float.floatToIntBits(softcap),
                dropout.threshold(),
                dropout.isNone() ? 0 : dropout.seed(),
                dropout.isNone() ? 0 : dropout.firstHead());
        for (float sink : sinks) {
            digest = Digest.with(digest, Float.floatToIntBits(sink));
        }
        return digest;
    }

    /** @throws IllegalArgumentException if there are sinks, but not one a query head */
    void requireFit(Plan plan, int rank) {
        int heads = plan.shape().heads();
        if (!sinks.isEmpty() && sinks.size() != heads) {
            throw new IllegalArgumentException("rank " + rank + " gave " + sinks.size() + " sink logits, but " + plan
                    + " has " + heads + " query heads; give one for each");
        }
    }

    /** The logits of some heads. */
    float[] sinks(int fromHead, int count) {
        float[] logits = new float[count];
        for (int head = 0; head < count; head++) {
            logits[head] = sinks.get(fromHead + head);
        }
        return logits;
    }
}
