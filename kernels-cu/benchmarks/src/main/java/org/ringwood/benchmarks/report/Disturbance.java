package org.ringwood.benchmarks.report;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** How much of the machine others use while this process measures. */
public final class Disturbance {
    private static final Path STATISTICS = Path.of("/proc/stat");
    /** What the kernel counts processor time in, for programs, on every architecture of Linux. */
    private static final double TICKS_A_SECOND = 100;
    /** Columns of the first line: user, nice, system, interrupts and time that a hypervisor gave to others; not the idle ones. */
    private static final List<Integer> BUSY = List.of(1, 2, 3, 6, 7, 8);

    private static final double NANOS = 1e9;

    private final long began = System.nanoTime();
    private final OptionalDouble before = othersSeconds();

    /** Starts now. */
    public Disturbance() {}

    /** Cores that others kept busy since the start, on average; nothing where the system does not tell. */
    public OptionalDouble cores() {
        OptionalDouble after = othersSeconds();
        if (before.isEmpty() || after.isEmpty()) {
            return OptionalDouble.empty();
        }
        double seconds = (System.nanoTime() - began) / NANOS;
        return OptionalDouble.of(Math.max(0, (after.getAsDouble() - before.getAsDouble()) / seconds));
    }

    private static OptionalDouble othersSeconds() {
        Optional<String> line = firstLine();
        if (line.isEmpty()) {
            return OptionalDouble.empty();
        }
        double[] ticks = Arrays.stream(line.get().split("\\s+"))
                .skip(1)
                .mapToDouble(Double::parseDouble)
                .toArray();
        double all = BUSY.stream().mapToDouble(column -> ticks[column - 1]).sum() / TICKS_A_SECOND;
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return OptionalDouble.of(all - system.getProcessCpuTime() / NANOS);
    }

    private static Optional<String> firstLine() {
        try {
            return Files.readAllLines(STATISTICS).stream().findFirst();
        } catch (IOException e) {
            // Not Linux.
            return Optional.empty();
        }
    }
}
