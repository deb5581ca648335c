package org.ringwood.kernels.cpu;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * What some threads have used so far.
 *
 * @param seconds of a processor
 * @param bytes of the heap that they have ever allocated
 */
record Consumption(double seconds, long bytes) {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Numbers of the live threads with names that start so, and of the one that asks. */
    static long[] threads(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(prefix) || thread.equals(Thread.currentThread()))
                .mapToLong(Thread::threadId)
                .toArray();
    }

    static Consumption of(long... threads) {
        return new Consumption(
                Arrays.stream(THREADS.getThreadCpuTime(threads)).sum() / 1e9,
                Arrays.stream(THREADS.getThreadAllocatedBytes(threads)).sum());
    }

    Consumption since(Consumption before) {
        return new Consumption(seconds - before.seconds, bytes - before.bytes);
    }
}
