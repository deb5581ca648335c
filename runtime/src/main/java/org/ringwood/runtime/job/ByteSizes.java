package org.ringwood.runtime.job;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes of memory as job files write them: {@code 64KiB}, {@code 512MiB}, {@code 8GiB}, {@code 1TiB}. */
final class ByteSizes {
    /** From the smallest on, each 1024 times the one before. */
    private static final List<String> UNITS = List.of("KiB", "MiB", "GiB", "TiB");

    private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(KiB|MiB|GiB|TiB)");

    private ByteSizes() {}

    /** The size, above 0; empty if the text is none, or none that a number of bytes can be. */
    static Optional<Long> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long amount = Long.parseLong(matcher.group(1));
        int shift = shift(UNITS.indexOf(matcher.group(2)));
        return amount > 0 && amount <= Long.MAX_VALUE >> shift ? Optional.of(amount << shift) : Optional.empty();
    }

    private static int shift(int unit) {
        return 10 * (unit + 1);
    }

    /** The shortest text that reads back as a size. */
    static String text(long bytes) {
        int unit = UNITS.size() - 1;
        while (unit > 0 && bytes % (1L << shift(unit)) != 0) {
            unit--;
        }
        return (bytes >> shift(unit)) + UNITS.get(unit);
    }
}
