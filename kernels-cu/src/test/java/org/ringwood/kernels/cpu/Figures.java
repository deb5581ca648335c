package org.ringwood.kernels.cpu;

import java.util.List;
import java.util.Locale;

/**
 * How a workload did, and how it has to.
 *
 * @param name of the workload
 * @param bytes of the heap allocated a unit
 * @param mostBytes bytes that may be
 * @param share of the ceiling
 * @param leastShare share that it must be
 */
record Figures(String name, double bytes, double mostBytes, double share, double leastShare) {
    private static final String MARK = "guard:";

    boolean isBoxing() {
        return bytes > mostBytes;
    }

    boolean hasCollapsed() {
        return share < leastShare;
    }

    boolean isHealthy() {
        return !isBoxing() && !hasCollapsed();
    }

    String line() {
        return String.format(Locale.ROOT, "%s %s %.4f %.4f %.4f %.4f", MARK, name, bytes, mostBytes, share, leastShare);
    }

    /** The figures among the lines that a JVM has printed, which may have things of its own to say. */
    static List<Figures> parse(List<String> lines) {
        return lines.stream()
                .map(line -> line.split(" ", -1))
                .filter(words -> words[0].equals(MARK))
                .map(words -> new Figures(
                        words[1],
                        Double.parseDouble(words[2]),
                        Double.parseDouble(words[3]),
                        Double.parseDouble(words[4]),
                        Double.parseDouble(words[5])))
                .toList();
    }
}
