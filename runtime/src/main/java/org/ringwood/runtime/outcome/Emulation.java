package org.ringwood.runtime.outcome;

import java.util.Map;

/** What of the machinery is not what it seems, so that times mean little elsewhere. */
public final class Emulation {
    /** Whoever emulates a network or a device says so in this variable, in one sentence. */
    public static final String VARIABLE = "RINGWOOD_EMULATED";

    private Emulation() {}

    /** The sentence; empty if nothing is known to be emulated. */
    public static String of(Map<String, String> environment) {
        return environment.getOrDefault(VARIABLE, "").replaceAll("\\s+", " ").strip();
    }

    /** Whether anything is known to be emulated. */
    public static boolean isIn(Map<String, String> environment) {
        return !of(environment).isEmpty();
    }
}
