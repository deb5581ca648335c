package org.ringwood.runtime.sweep;

import java.util.List;
import java.util.Map;

/**
 * Where the figures of a run come from: {@code RUN.json} beside {@code RUN.csv}.
 *
 * @param schema version of this format, 1
 * @param kind {@code sweep} or {@code net}
 * @param run name of the run
 * @param sweep name of the sweep, or {@code net}
 * @param title for people
 * @param baseline what rows of several workers are compared with
 * @param x column that a page draws along; empty to let it choose
 * @param version of Ringwood
 * @param commit of Ringwood's source
 * @param started in UTC, ISO 8601
 * @param emulated what was emulated, a sentence; empty if nothing is known to be
 * @param launcher who started the ranks
 * @param machine of rank 0
 * @param ranks where they ran
 * @param jobs resolved job of each row, by the row's id
 */
public record Provenance(
        int schema,
        String kind,
        String run,
        String sweep,
        String title,
        String baseline,
        String x,
        String version,
        String commit,
        String started,
        String emulated,
        String launcher,
        Machine machine,
        List<Rank> ranks,
        Map<String, Map<String, Object>> jobs) {
    /** Version of the format. */
    public static final int SCHEMA = 1;

    /**
     * A machine.
     *
     * @param processor its name
     * @param cores that this process may use
     * @param memoryBytes in all
     * @param system name and version of the operating system
     * @param java version of the JVM
     */
    public record Machine(String processor, int cores, long memoryBytes, String system, String java) {}

    /**
     * A rank.
     *
     * @param node that it shares with those of the same name
     * @param host name of its machine
     * @param pid its process
     * @param device what computed
     */
    public record Rank(int rank, String node, String host, long pid, String device) {}
}
