package org.ringwood.benchmarks.measure;

/** Something that is measured once a round. */
interface Sampler {
    /** Makes ready for {@link #sample}: compiles, touches memory, settles how much a sample does. */
    void warmUp();

    /** Measures once; the unit is the sampler's own. */
    double sample();
}
