package org.ringwood.runtime.cli;

import java.util.Locale;

/**
 * What the doctor found about one thing.
 *
 * @param subject the thing
 * @param works whether it can be used
 * @param essential whether nothing runs without it
 * @param detail what was found, and the remedy where it does not work
 */
record Finding(String subject, boolean works, boolean essential, String detail) {
    static Finding good(String subject, String detail) {
        return new Finding(subject, true, false, detail);
    }

    static Finding missing(String subject, String detail) {
        return new Finding(subject, false, false, detail);
    }

    static Finding broken(String subject, String detail) {
        return new Finding(subject, false, true, detail);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s %-12s %s", works ? "✓" : "✗", subject, detail);
    }
}
