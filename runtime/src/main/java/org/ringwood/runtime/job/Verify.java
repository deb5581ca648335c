package org.ringwood.runtime.job;

/** How much of the result is compared with the oracle. */
public sealed interface Verify {
    /** Every row and head. */
    record All() implements Verify {}

    /** Nothing. */
    record None() implements Verify {}

    /**
     * Some (row, head) pairs, spread over the ranks.
     *
     * @param count at least 1
     */
    record Samples(long count) implements Verify {}
}
