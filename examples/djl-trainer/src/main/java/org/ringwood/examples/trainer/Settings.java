package org.ringwood.examples.trainer;

import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.schedule.Schedules;

/**
 * What is trained, and how; the same on every rank.
 *
 * @param size of the model
 * @param tokens of a sequence, which the ranks of a replica share
 * @param sequences of a step
 * @param replicas among which the sequences of a step are dealt
 * @param rate of learning
 * @param seed of parameters and of the sequences
 * @param schedule of attention, by name; one that shares queries among ranks, as what comes before and after attention is shared
 * @param partition of a sequence among ranks
 */
record Settings(
        ModelSize size,
        int tokens,
        int sequences,
        int replicas,
        double rate,
        long seed,
        String schedule,
        PartitionRule partition) {
    /** @throws IllegalArgumentException if no step can be taken with these, or a replica would have nothing to do */
    Settings {
        if (tokens < 2 || !(rate > 0)) {
            throw new IllegalArgumentException(tokens + " tokens and a rate of " + rate
                    + " train nothing: give 2 tokens at least, and a rate above 0");
        }
        if (Schedules.named(schedule).replicatesQueries()) {
            throw new IllegalArgumentException(
                    schedule
                            + " gives every rank all queries, and a rank of this trainer has its own rows alone: take another schedule");
        }
        if (replicas < 1 || sequences < replicas) {
            throw new IllegalArgumentException(sequences + " sequences a step are not enough for " + replicas
                    + " replicas: give at least 1 of these, and as many sequences");
        }
    }
}
