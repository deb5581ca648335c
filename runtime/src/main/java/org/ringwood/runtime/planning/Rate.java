package org.ringwood.runtime.planning;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.ringwood.runtime.files.InputException;

/**
 * How fast a link is, as people write it: {@code 25GB/s} in bytes, {@code 200Gb/s}, {@code 200Gbit/s} or {@code 200Gbps} in bits,
 * {@code 4GiB/s} in powers of two.
 *
 * @param bytesPerSecond in each direction
 */
public record Rate(double bytesPerSecond) {
    private static final Pattern WRITTEN = Pattern.compile("(\\d+(?:\\.\\d+)?) *([kKMGT]?)(i?)(B|b|bit)(?:/s|ps)");
    private static final String PREFIXES = "KMGT";
    private static final double BITS_A_BYTE = 8;

    /**
     * Reads a rate.
     *
     * @throws InputException if it is none, or not positive
     */
    public static Rate parse(String text) {
        Matcher matcher = WRITTEN.matcher(text.strip());
        if (!matcher.matches()
                || (matcher.group(2).isEmpty() && !matcher.group(3).isEmpty())) {
            throw new InputException(
                    text + " is not a rate: write bytes or bits a second, such as 25GB/s, 200Gb/s or 4GiB/s");
        }
        double step = matcher.group(3).isEmpty() ? 1000 : 1024;
        int power = matcher.group(2).isEmpty()
                ? 0
                : PREFIXES.indexOf(matcher.group(2).toUpperCase(Locale.ROOT)) + 1;
        double amount = Double.parseDouble(matcher.group(1)) * Math.pow(step, power);
        double bytes = matcher.group(4).equals("B") ? amount : amount / BITS_A_BYTE;
        if (bytes == 0) {
            throw new InputException(text + " is no rate at which anything arrives: give a positive one");
        }
        return new Rate(bytes);
    }

    @Override
    public String toString() {
        double amount = bytesPerSecond;
        int power = 0;
        while (amount >= 1000 && power < PREFIXES.length()) {
            amount /= 1000;
            power++;
        }
        String prefix = power == 0 ? "" : PREFIXES.substring(power - 1, power);
        return String.format(Locale.ROOT, "%.3g %sB/s", amount, prefix);
    }
}
