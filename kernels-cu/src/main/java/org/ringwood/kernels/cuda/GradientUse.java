package org.ringwood.kernels.cuda;

import java.util.Locale;

/** What a kernel of gradients computes them of; its blocks own rows of that, and walk along those of the other side. */
enum GradientUse {
    QUERIES,
    KEYS,
    VALUES;

    /** Whether it owns queries and walks along keys and values; else it owns one of these, and walks along queries. */
    boolean ownsQueries() {
        return this == QUERIES;
    }

    /** Its name in kernels' names. */
    String suffix() {
        return name().toLowerCase(Locale.ROOT);
    }
}
