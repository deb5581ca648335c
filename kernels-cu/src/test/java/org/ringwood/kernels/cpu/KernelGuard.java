package org.ringwood.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;

/**
 * A program that runs workloads, each until C2 has compiled it for what it had seen by then, and measures them once all have left
 * their traces in the profiles. It prints the figures, a line a workload.
 *
 * <p>Speed is work for a second of the threads' processor time, which other programs don't take part in, as a share of what a
 * loop at the processor's ceiling does in the same moments. A collapse is a factor of ten and more; the guard minds one of
 * eight, which no noise amounts to.
 */
final class KernelGuard {
    private static final double COLLAPSE = 8;
    private static final double ROUND_SECONDS = 0.01;
    private static final int WARM_UP_ROUNDS = 8;
    private static final int ROUNDS = 4;
    /** So long a kernel may stay behind, since a busy machine compiles late. */
    private static final double PATIENCE_SECONDS = 2;

    private final long[] threads;
    private final float[] numbers = new float[3 * Vectors.LENGTH];
    private final MemorySegment memory;

    private KernelGuard(Arena arena) {
        threads = Consumption.threads("ringwood-cpu-");
        memory = arena.allocate(2 << 20, 64);
    }

    /**
     * Runs.
     *
     * @param arguments how the names of the workloads in front start; optionally the number of workloads, all otherwise
     */
    public static void main(String[] arguments) {
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CPU, 2)) {
            List<Workload> workloads = Workloads.of(arena, device, arguments[0]);
            if (arguments.length > 1) {
                workloads = workloads.subList(0, Integer.parseInt(arguments[1]));
            }
            KernelGuard guard = new KernelGuard(arena);
            workloads.forEach(workload -> guard.measure(workload, WARM_UP_ROUNDS));
            for (Workload workload : workloads) {
                System.out.println(guard.measure(workload, ROUNDS).line());
            }
        }
    }

    /** The best of some rounds, and of more as long as it is not good enough. */
    private Figures measure(Workload workload, int rounds) {
        double bytes = Double.MAX_VALUE;
        double speed = 0;
        double ceiling = 0;
        double spent = 0;
        Figures figures;
        int round = 0;
        do {
            ceiling = Math.max(ceiling, ceiling(workload.bound()));
            Consumption before = Consumption.of(threads);
            Consumption used;
            int calls = 0;
            do {
                workload.calls().run();
                calls++;
                used = Consumption.of(threads).since(before);
            } while (used.seconds() < ROUND_SECONDS);
            bytes = Math.min(bytes, (double) used.bytes() / calls / workload.units());
            speed = Math.max(speed, workload.work() * calls / used.seconds());
            figures = new Figures(
                    workload.name(), bytes, workload.mostBytes(), speed / ceiling, workload.typical() / COLLAPSE);
            spent += used.seconds();
            round++;
        } while (spent < PATIENCE_SECONDS && (round < rounds || !figures.isHealthy()));
        return figures;
    }

    /** Work a second of a loop that does nothing else. */
    private double ceiling(Workload.Bound bound) {
        long me = Thread.currentThread().threadId();
        Consumption before = Consumption.of(me);
        Consumption used;
        int calls = 0;
        do {
            switch (bound) {
                case ARITHMETIC -> Ceiling.multiplyAdd(numbers);
                case MEMORY -> Ceiling.copy(memory);
            }
            calls++;
            used = Consumption.of(me).since(before);
        } while (used.seconds() < ROUND_SECONDS / 4);
        double work = bound == Workload.Bound.ARITHMETIC ? Ceiling.flops() : memory.byteSize();
        return calls * work / used.seconds();
    }
}
