package org.ringwood.runtime.sweep;

import java.util.Map;
import org.ringwood.runtime.yaml.Keywords;

/** What rows of several workers are compared with. */
public enum Baseline {
    /** One worker with as many threads as each of the row's has. */
    ONE_WORKER,
    /** One worker with as many threads as all of the row's have together. */
    SAME_THREADS,
    /** Nothing. */
    NONE;

    static final Map<String, Baseline> WORDS = Keywords.map(values());

    @Override
    public String toString() {
        return Keywords.of(this);
    }
}
