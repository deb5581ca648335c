package org.ringwood.runtime.sweep;

import java.util.Arrays;
import java.util.List;

/** What a sweep varies, in the order in which rows vary: the last one fastest. */
enum Axis {
    TRANSPORT("transport", "auto"),
    NODES("nodes", "1"),
    WORKERS("workers", ""),
    WORKERS_PER_NODE("workersPerNode", "1"),
    PASS("pass", "forward"),
    DTYPE("dtype", "f32"),
    HEADS("heads", ""),
    DIMS("dims", ""),
    MASK("mask", "full"),
    QUERIES("queries", ""),
    TOKENS("tokens", ""),
    SCHEDULES("schedules", "auto"),
    PARTITIONS("partitions", "auto");

    private final String key;
    private final String usual;

    Axis(String key, String usual) {
        this.key = key;
        this.usual = usual;
    }

    /** The key in the file. */
    String key() {
        return key;
    }

    /** What it is where the file does not say; empty if there is no such thing. */
    String usual() {
        return usual;
    }

    /** The keys of all axes. */
    static List<String> keys() {
        return Arrays.stream(values()).map(Axis::key).toList();
    }
}
