package org.ringwood.runtime.sweep;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What rows of several workers are compared with. */
public enum Baseline {
    /** One worker with as many threads as each of the row's has. */
    ONE_WORKER,
    /** One worker with as many threads as all of the row's have together. */
    SAME_THREADS,
    /** Nothing. */
    NONE;

    static final Map<String, Baseline> WORDS = words();

    private static Map<String, Baseline> words() {
        Map<String, Baseline> words = new LinkedHashMap<>();
        for (Baseline baseline : values()) {
            words.put(baseline.toString(), baseline);
        }
        return words;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
