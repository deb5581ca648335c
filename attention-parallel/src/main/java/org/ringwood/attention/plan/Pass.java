package org.ringwood.attention.plan;

import java.util.Locale;

/** Which way a plan goes through attention. */
public enum Pass {
    /** From queries, keys and values to output and log-sum-exps. */
    FORWARD,
    /** From the gradients of the output to those of queries, keys and values. */
    BACKWARD;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
