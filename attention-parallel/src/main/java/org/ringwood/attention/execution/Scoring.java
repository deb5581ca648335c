package org.ringwood.attention.execution;

import java.util.List;
import org.ringwood.attention.plan.Plan;
import org.ringwood.collectives.Digest;

/**
 * How scores are made of queries and keys, and what else takes a share of the weights.
 *
 * @param scale factor of {@code q · k}
 * @param softcap {@code c > 0} bounds scores to {@code c · tanh(score / c)}; 0 leaves them
 * @param sinks logits of learnt sinks, one a query head: {@code exp(sink)} is added to the sum of every row's exponentials; empty for none
 */
public record Scoring(float scale, float softcap, List<Float> sinks) {
    /** The immutable settings. */
    public Scoring {
        sinks = List.copyOf(sinks);
    }

    /** Without sinks. */
    public Scoring(float scale, float softcap) {
        this(scale, softcap, List.of());
    }

    /** The usual {@code 1 / sqrt(dim)}, no softcap, no sinks. */
    public static Scoring of(int dim) {
        return new Scoring((float) (1 / Math.sqrt(dim)), 0);
    }

    /** The same with sinks. */
    public Scoring withSinks(List<Float> logits) {
        return new Scoring(scale, softcap, logits);
    }

    /** Digest of a plan and how its scores are made: ranks that differ in it would merge what does not belong together. */
    long digest(Plan plan) {
        long digest = Digest.of("scored", plan.digest(), Float.floatToIntBits(scale), Float.floatToIntBits(softcap));
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
