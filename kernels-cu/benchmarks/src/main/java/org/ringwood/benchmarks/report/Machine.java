package org.ringwood.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** What the figures were measured on. */
public final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private Machine() {}

    /** Processor, cores and JDK: for instance {@code AMD EPYC, 2 cores, JDK 25.0.1}. */
    public static String describe() {
        int cores = Runtime.getRuntime().availableProcessors();
        return processor() + ", " + cores + (cores == 1 ? " core" : " cores") + ", JDK " + Runtime.version();
    }

    private static String processor() {
        String architecture = System.getProperty("os.arch");
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            Map<String, String> first = new HashMap<>();
            lines.takeWhile(line -> !line.isEmpty())
                    .map(line -> line.split("\\s*:\\s*", 2))
                    .forEach(entry -> first.put(entry[0], entry[entry.length - 1]));
            // Under a hypervisor the name alone may stand for several generations.
            return first.getOrDefault("model name", architecture)
                    + (first.containsKey("cpu family") && first.containsKey("model")
                            ? " (family " + first.get("cpu family") + ", model " + first.get("model") + ")"
                            : "");
        } catch (IOException e) {
            // Not Linux.
            return architecture;
        }
    }
}
