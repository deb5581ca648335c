package org.ringwood.kernels.pool;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Which processors threads run on: Linux's {@code sched_setaffinity}, which keeps what Slurm, taskset or a container allow. */
final class Affinity {
    private static final Path PROCESS = Path.of("/proc/self/status");
    private static final String ALLOWED = "Cpus_allowed_list:";

    private Affinity() {}

    /**
     * Checks that threads can be pinned to some processors; nothing needs to be for none.
     *
     * @throws UnsupportedOperationException if they can't be on this system
     * @throws IllegalArgumentException if one is not this process's to use
     */
    static void require(CpuList cpus) {
        if (cpus.isEmpty()) {
            return;
        }
        CpuList allowed = allowed()
                .orElseThrow(() -> new UnsupportedOperationException(
                        "threads can't be pinned to cpus on " + System.getProperty("os.name")));
        CpuList refused = cpus.without(allowed);
        if (!refused.isEmpty()) {
            throw new IllegalArgumentException(
                    "cpu " + refused.cpus().getFirst() + " is not among those that this process may use, " + allowed);
        }
    }

    /** The processors that this process may use; empty on other systems than Linux. */
    static Optional<CpuList> allowed() {
        return System.getProperty("os.name").equals("Linux") ? Optional.of(allowed(PROCESS)) : Optional.empty();
    }

    /** The processors that the {@code status} file of a process or thread in {@code /proc} tells of. */
    static CpuList allowed(Path status) {
        try {
            return Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith(ALLOWED))
                    .map(line -> CpuList.parse(line.substring(ALLOWED.length())))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException(status + " does not tell of cpus"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + status + ", which tells of cpus", e);
        }
    }

    /** Keeps the calling thread on some processors; leaves it as it is for none. */
    static void pin(CpuList cpus) {
        if (cpus.isEmpty()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate((CpuList.MOST + 1) / Byte.SIZE, Long.BYTES);
            for (int cpu : cpus.cpus()) {
                long word = mask.getAtIndex(JAVA_LONG, cpu / Long.SIZE);
                mask.setAtIndex(JAVA_LONG, cpu / Long.SIZE, word | 1L << cpu);
            }
            int thisThread = 0;
            if ((int) setAffinity().invokeExact(thisThread, mask.byteSize(), mask) != 0) {
                throw new IllegalStateException("the system does not let it run on " + cpus
                        + ", of which this process may use " + allowed(PROCESS));
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a native function does not throw", e);
        }
    }

    /** Without {@code --enable-native-access} the JVM warns of it. */
    @SuppressWarnings("restricted")
    private static MethodHandle setAffinity() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().find("sched_setaffinity").orElseThrow(),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
    }
}
