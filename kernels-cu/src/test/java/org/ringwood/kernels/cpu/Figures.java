package org.ringwood.kernels.cpu;

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
        return String.format(Locale.ROOT, "%s %.4f %.4f %.4f %.4f", name, bytes, mostBytes, share, leastShare);
    }

    static Figures parse(String line) {
        String[] words = line.split(" ", -1);
        return new Figures(
                words[0],
                Double.parseDouble(words[1]),
                Double.parseDouble(words[2]),
                Double.parseDouble(words[3]),
                Double.parseDouble(words[4]));
    }
}
