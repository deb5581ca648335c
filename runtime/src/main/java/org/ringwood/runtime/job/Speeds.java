package org.ringwood.runtime.job;

import org.ringwood.attention.Weights;

/** How fast ranks are taken to be: each is given so much of the work that all end together. */
public sealed interface Speeds {
    /** Measured if the ranks have unlike devices or numbers of threads, else equal. */
    record Auto() implements Speeds {}

    /** All alike, whatever they are. */
    record Equal() implements Speeds {}

    /** Measured before the attention. */
    record Measured() implements Speeds {}

    /**
     * As the job says.
     *
     * @param weights of the ranks, in their order
     */
    record Given(Weights weights) implements Speeds {}
}
