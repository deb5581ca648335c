package org.ringwood.examples.trainer;

import org.ringwood.attention.PartitionRule;

/**
 * What is trained, and how; the same on every rank.
 *
 * @param size of the model
 * @param tokens of the sequence of a step, which all ranks share
 * @param rate of learning
 * @param seed of parameters and of the pieces of text
 * @param schedule of attention, by name
 * @param partition of the sequence among ranks
 */
record Settings(ModelSize size, int tokens, double rate, long seed, String schedule, PartitionRule partition) {
    /** @throws IllegalArgumentException if no step can be taken */
    Settings {
        if (tokens < 1 || !(rate > 0)) {
            throw new IllegalArgumentException(
                    tokens + " tokens and a rate of " + rate + " train nothing: both must be above 0");
        }
    }
}
