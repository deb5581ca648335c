package org.ringwood.kernels.pool;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Logical processors by the numbers that the operating system gives them, in the order in which threads take them.
 *
 * @param cpus numbers, none twice; none at all leaves the choice to the system
 */
public record CpuList(List<Integer> cpus) {
    /** Whatever processor the system chooses. */
    public static final CpuList NONE = new CpuList(List.of());

    /** Largest number of a processor; Linux has room for 8192. */
    static final int MOST = 8191;

    /** @throws IllegalArgumentException if a number is negative, too large, or there twice */
    public CpuList {
        cpus = List.copyOf(cpus);
        Set<Integer> seen = new HashSet<>();
        for (int cpu : cpus) {
            if (cpu < 0 || cpu > MOST) {
                throw outside(cpu);
            }
            if (!seen.add(cpu)) {
                throw new IllegalArgumentException("cpu " + cpu + " is named twice");
            }
        }
    }

    /**
     * Reads numbers and ranges, as {@code taskset} and Linux write them: {@code 0-3,8}.
     *
     * @throws IllegalArgumentException if the text is something else
     */
    public static CpuList parse(String text) {
        List<Integer> cpus = new ArrayList<>();
        for (String part : text.strip().split(",", -1)) {
            String[] ends = part.strip().split("-", 2);
            int first = number(ends[0], text);
            int last = number(ends[ends.length - 1], text);
            if (last > MOST) {
                throw outside(last);
            }
            if (first > last) {
                throw new IllegalArgumentException("\"" + part.strip() + "\" is no range of cpus");
            }
            IntStream.rangeClosed(first, last).forEach(cpus::add);
        }
        return new CpuList(cpus);
    }

    private static IllegalArgumentException outside(int cpu) {
        return new IllegalArgumentException("cpu " + cpu + " is not within 0 to " + MOST);
    }

    private static int number(String digits, String text) {
        try {
            return Integer.parseInt(digits.strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("\"" + text + "\" is no list of cpus such as 0-3,8", e);
        }
    }

    /** The processors that this process may use, as Slurm, taskset or a container allow; empty where the system doesn't tell. */
    public static Optional<CpuList> allowed() {
        return Affinity.allowed();
    }

    /**
     * Checks that threads of this process can be pinned to these processors.
     *
     * @throws UnsupportedOperationException if they can't be on this system
     * @throws IllegalArgumentException if one is not this process's to use
     */
    public void requireUsable() {
        Affinity.require(this);
    }

    /** Whether the choice is the system's. */
    public boolean isEmpty() {
        return cpus.isEmpty();
    }

    /** Number of processors. */
    public int size() {
        return cpus.size();
    }

    /** One of {@code parts} consecutive parts, whose sizes differ by one at most. */
    public CpuList part(int index, int parts) {
        int from = (int) ((long) index * size() / parts);
        int to = (int) ((index + 1L) * size() / parts);
        return new CpuList(cpus.subList(from, to));
    }

    /** Whether some of the processors may be in both lists: an empty one stands for any. */
    public boolean mayOverlap(CpuList other) {
        return isEmpty() || other.isEmpty() || cpus.stream().anyMatch(other.cpus::contains);
    }

    /** Those of one of {@code threads} threads: one, or all if the threads are more than they. */
    CpuList of(int thread, int threads) {
        return threads > size() ? this : new CpuList(List.of(cpus.get(thread)));
    }

    /** These without the given ones. */
    CpuList without(CpuList others) {
        return new CpuList(
                cpus.stream().filter(cpu -> !others.cpus.contains(cpu)).toList());
    }

    /** As {@link #parse} reads it; nothing if the list is empty, which {@code parse} refuses. */
    @Override
    public String toString() {
        List<String> runs = new ArrayList<>();
        for (int from = 0, to; from < size(); from = to) {
            to = from + 1;
            while (to < size() && cpus.get(to) == cpus.get(to - 1) + 1) {
                to++;
            }
            runs.add(from + 1 == to ? cpus.get(from).toString() : cpus.get(from) + "-" + cpus.get(to - 1));
        }
        return runs.stream().collect(Collectors.joining(","));
    }
}
