package org.ringwood.collectives.environment;

import java.util.ArrayList;
import java.util.List;

/** Slurm's compact notation of host names, such as {@code n[01-03,7],m5}. */
public final class HostList {
    /** More than any cluster has; a range beyond it is a slip. */
    private static final int MAX_HOSTS = 1 << 20;

    private final String list;
    private int at;

    private HostList(String list) {
        this.list = list;
    }

    /**
     * The names in order.
     *
     * @throws IllegalArgumentException if it is no such list
     */
    public static List<String> expand(String list) {
        return new HostList(list).hosts();
    }

    private List<String> hosts() {
        List<String> hosts = new ArrayList<>();
        do {
            hosts.addAll(pattern());
        } while (skip(','));
        if (at < list.length()) {
            throw malformed();
        }
        return hosts;
    }

    /** Text and bracketed ranges in turn, each range multiplying what came before. */
    private List<String> pattern() {
        List<String> names = List.of(text());
        while (skip('[')) {
            List<String> numbers = new ArrayList<>();
            do {
                addRange(numbers);
            } while (skip(','));
            if (!skip(']')) {
                throw malformed();
            }
            names = product(names, numbers, text());
        }
        if (names.getFirst().isEmpty()) {
            throw malformed();
        }
        return names;
    }

    private String text() {
        int from = at;
        while (at < list.length() && ",[]".indexOf(list.charAt(at)) < 0) {
            at++;
        }
        return list.substring(from, at);
    }

    /** {@code 7} or {@code 01-03}; leading zeros stay. */
    private void addRange(List<String> numbers) {
        String[] bounds = text().split("-", -1);
        String first = bounds[0];
        String last = bounds[bounds.length - 1];
        if (bounds.length > 2 || !isNumber(first) || !isNumber(last)) {
            throw malformed();
        }
        long from = Long.parseLong(first);
        long to = Long.parseLong(last);
        if (to < from || to - from >= MAX_HOSTS) {
            throw malformed();
        }
        for (long number = from; number <= to; number++) {
            numbers.add("0"
                            .repeat(Math.max(
                                    0, first.length() - Long.toString(number).length()))
                    + number);
        }
    }

    private static boolean isNumber(String text) {
        return text.matches("\\d{1,18}");
    }

    private List<String> product(List<String> heads, List<String> numbers, String tail) {
        if ((long) heads.size() * numbers.size() > MAX_HOSTS) {
            throw malformed();
        }
        List<String> names = new ArrayList<>();
        for (String head : heads) {
            for (String number : numbers) {
                names.add(head + number + tail);
            }
        }
        return names;
    }

    private boolean skip(char expected) {
        boolean found = at < list.length() && list.charAt(at) == expected;
        if (found) {
            at++;
        }
        return found;
    }

    private IllegalArgumentException malformed() {
        return new IllegalArgumentException("'%s' is not a Slurm host list such as n[01-03,7],m5".formatted(list));
    }
}
