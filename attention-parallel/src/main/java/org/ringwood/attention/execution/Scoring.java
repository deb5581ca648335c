package org.ringwood.attention.execution;

import org.ringwood.attention.plan.Plan;
import org.ringwood.collectives.Digest;

/**
 * How scores are made of queries and keys.
 *
 * @param scale factor of {@code q · k}
 * @param softcap {@code c > 0} bounds scores to {@code c · tanh(score / c)}; 0 leaves them
 */
public record Scoring(float scale, float softcap) {
    /** Digest of a plan and how its scores are made: ranks that differ in it would merge what does not belong together. */
    long digest(Plan plan) {
        return Digest.of("scored", plan.digest(), Float.floatToIntBits(scale), Float.floatToIntBits(softcap));
    }

    /** The usual {@code 1 / sqrt(dim)}, no softcap. */
    public static Scoring of(int dim) {
        return new Scoring((float) (1 / Math.sqrt(dim)), 0);
    }
}
