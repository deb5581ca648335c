package org.ringwood.runtime.report;

import java.util.Locale;

/** Quantities for people: three digits and a unit. */
public final class Quantity {
    private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Quantity() {}

    /** Bytes, such as {@code 1.50 MiB}. */
    public static String bytes(long bytes) {
        double amount = bytes;
        int unit = 0;
        // 1023.5 would round up to a fourth digit.
        while (amount >= 999.5 && unit < BINARY.length - 1) {
            amount /= 1024;
            unit++;
        }
        return (unit == 0 ? Long.toString(bytes) : digits(amount)) + " " + BINARY[unit];
    }

    /** Seconds, such as {@code 12.3 ms}. */
    public static String seconds(double seconds) {
        if (seconds >= 0.9995) {
            return digits(seconds) + " s";
        }
        return seconds >= 0.9995e-3 ? digits(seconds * 1e3) + " ms" : digits(seconds * 1e6) + " µs";
    }

    /** An error, such as {@code 3.1e-07}. */
    public static String error(double error) {
        return error == 0 ? "0" : String.format(Locale.ROOT, "%.1e", error);
    }

    private static String digits(double amount) {
        int decimals = amount < 9.995 ? 2 : amount < 99.95 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + decimals + "f", amount);
    }
}
