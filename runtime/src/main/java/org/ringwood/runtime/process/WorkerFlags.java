package org.ringwood.runtime.process;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;

/** JVM flags of a worker. Its tensors are outside of the heap, which holds plans and messages only, and no flag limits them. */
public final class WorkerFlags {
    private static final long MIB = 1 << 20;
    private static final long LEAST_HEAP = 256 * MIB;
    private static final long MOST_HEAP = 2048 * MIB;
    /** Of the memory of this machine, all heaps together may take one part in this many. */
    private static final int HEAP_SHARE = 4;

    private WorkerFlags() {}

    /** Flags for each of so many workers on this machine. */
    public static List<String> of(int workers) {
        long memory =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        long heap = Math.clamp(memory / HEAP_SHARE / workers, LEAST_HEAP, MOST_HEAP);
        return List.of(
                "-Xmx" + heap / MIB + "m",
                // One thread collects what little there is; the cores are for attention.
                "-XX:+UseSerialGC");
    }
}
