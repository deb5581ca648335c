package org.ringwood.runtime.yaml;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The words by which files name the constants of an enum: in lower case, with hyphens. */
public final class Keywords {
    private Keywords() {}

    /** The word of a constant. */
    public static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The constants by their words, in the order given. */
    @SafeVarargs
    public static <E extends Enum<E>> Map<String, E> map(E... constants) {
        Map<String, E> words = new LinkedHashMap<>();
        for (E constant : constants) {
            words.put(of(constant), constant);
        }
        return words;
    }
}
