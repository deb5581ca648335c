package org.ringwood.runtime.plot;

import java.util.List;
import java.util.Locale;

/** What kind of quantity an axis or a cell shows, and in which units people read it. */
enum Dimension {
    /** Microseconds. */
    TIME(new Unit("µs", 1), new Unit("ms", 1e3), new Unit("s", 1e6)),
    /** Bytes. */
    BYTES(new Unit("B", 1), new Unit("KiB", 1 << 10), new Unit("MiB", 1 << 20), new Unit("GiB", 1 << 30)),
    /** Bytes a second. */
    RATE(new Unit("B/s", 1), new Unit("kB/s", 1e3), new Unit("MB/s", 1e6), new Unit("GB/s", 1e9)),
    /** A part of one. */
    SHARE(new Unit("%", 0.01)),
    /** How many times. */
    RATIO(new Unit("", 1)),
    /** Tokens, ranks, heads. */
    COUNT(new Unit("", 1));

    private static final int DIGITS = 3;

    @SuppressWarnings("ImmutableEnumChecker") // List.of is immutable
    private final List<Unit> units;

    Dimension(Unit... units) {
        this.units = List.of(units);
    }

    /** One of the units of a dimension. */
    record Unit(String name, double factor) {
        /** An axis' label: a quantity with its unit. */
        String label(String quantity) {
            return name.isEmpty() ? quantity : quantity + " [" + name + "]";
        }

        /** A number in this unit, without the unit. */
        String number(double value) {
            return digits(value / factor);
        }

        /** A number with the unit. */
        String text(double value) {
            return Double.isNaN(value) ? "–" : number(value) + (name.isEmpty() ? "" : " " + name);
        }
    }

    /** The unit in which a value has one to three digits before its point. */
    Unit unit(double value) {
        Unit best = units.getFirst();
        for (Unit unit : units) {
            if (Math.abs(value) >= unit.factor() * 0.9995) {
                best = unit;
            }
        }
        return best;
    }

    /** A value as a cell shows it. */
    String text(double value) {
        return unit(value).text(value);
    }

    /** Whether a logarithmic axis of it counts in powers of two. */
    boolean isBinary() {
        return this == BYTES || this == COUNT;
    }

    private static String digits(double amount) {
        if (amount == Math.rint(amount) && Math.abs(amount) < 1e15) {
            return Long.toString((long) amount);
        }
        int before = (int) Math.floor(Math.log10(Math.abs(amount))) + 1;
        int decimals = Math.clamp(DIGITS - before, 0, 6);
        String text = String.format(Locale.ROOT, "%." + decimals + "f", amount);
        return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
    }
}
