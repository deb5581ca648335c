import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.GroupOptions;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.TransportChoice;

/**
 * Ringwood's all-gather and all-to-all over MPI's messages beside MPI's own, blocking and not, in turns and on the same memory. Every rank
 * runs this; rank 0 prints the median of the slowest rank's times, and how many times as fast as Ringwood's MPI's own are.
 */
public final class NativeCollectives {
    private static final long[] BLOCKS = {64 << 10, 1 << 20, 16 << 20};
    /** Of all ways together, for each block: so that small ones are compiled before they count. */
    private static final long WARMUP_BYTES = 128 << 20;
    private static final int ROUNDS = 31;

    private final ProcessGroup group;
    private final SymbolLookup mpi = SymbolLookup.libraryLookup("libmpi.so.40", Arena.global());
    private final long world = mpi.findOrThrow("ompi_mpi_comm_world").address();
    private final long bytes = mpi.findOrThrow("ompi_mpi_byte").address();
    private final MethodHandle test = function("MPI_Test", ADDRESS, ADDRESS, JAVA_LONG);
    private final MemorySegment request = Arena.global().allocate(JAVA_LONG);
    private final MemorySegment flag = Arena.global().allocate(JAVA_INT);

    private NativeCollectives(ProcessGroup group) {
        this.group = group;
    }

    /** A collective operation on some memory, done in one of the ways. */
    private interface Call {
        void run() throws Throwable;
    }

    public static void main(String[] arguments) throws Throwable {
        GroupOptions options = GroupOptions.DEFAULT.withTransport(TransportChoice.MPI);
        try (ProcessGroup group = ProcessGroups.fromEnvironment(options)) {
            NativeCollectives collectives = new NativeCollectives(group);
            collectives.say("| | ranks | block | Ringwood | MPI, blocking | MPI, non-blocking |");
            collectives.say("| --- | --- | --- | --- | --- | --- |");
            for (long block : BLOCKS) {
                collectives.compare("allgather", block);
                collectives.compare("alltoall", block);
            }
        }
    }

    private void say(String line) {
        if (group.rank() == 0) {
            System.out.println(line);
        }
    }

    private void compare(String name, long block) throws Throwable {
        boolean gather = name.equals("allgather");
        try (GroupMemory from = group.allocate(gather ? block : block * group.size());
                GroupMemory to = group.allocate(block * group.size())) {
            List<MemorySegment> send = parts(from.segment(), block);
            List<MemorySegment> receive = parts(to.segment(), block);
            Call ours = gather
                    ? () -> group.allGather(send.getFirst(), receive)
                    : () -> group.allToAll(send, receive);
            List<Call> ways = List.of(ours, blocking(name, from, to, block), nonBlocking(name, from, to, block));
            long warmup = Math.max(1, WARMUP_BYTES / (block * group.size()));
            double[][] micros = new double[ways.size()][ROUNDS];
            for (long round = -warmup; round < ROUNDS; round++) {
                for (int way = 0; way < ways.size(); way++) {
                    from.segment().fill((byte) (group.rank() + round));
                    to.segment().fill((byte) 0xFF);
                    double time = slowest(ways.get(way)) / 1e3;
                    requireArrived(receive, (byte) round);
                    if (round >= 0) {
                        micros[way][(int) round] = time;
                    }
                }
            }
            double[] medians = Arrays.stream(micros).mapToDouble(NativeCollectives::median).toArray();
            say("| %s | %d | %d KiB | %.0f µs | %.0f µs (%.2f ×) | %.0f µs (%.2f ×) |".formatted(
                    name, group.size(), block >> 10,
                    medians[0], medians[1], medians[0] / medians[1], medians[2], medians[0] / medians[2]));
        }
    }

    private static List<MemorySegment> parts(MemorySegment memory, long block) {
        return Stream.iterate(0L, at -> at < memory.byteSize(), at -> at + block)
                .map(at -> memory.asSlice(at, block))
                .toList();
    }

    private Call blocking(String name, GroupMemory from, GroupMemory to, long block) {
        MethodHandle call = function(
                "MPI_A" + name.substring(1), JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
        long send = from.segment().address();
        long receive = to.segment().address();
        int count = (int) block;
        return () -> check((int) call.invokeExact(send, count, bytes, receive, count, bytes, world));
    }

    /** As a transport would have to do it, which waits with an eye on deadlines and lost ranks. */
    private Call nonBlocking(String name, GroupMemory from, GroupMemory to, long block) {
        MethodHandle call = function(
                "MPI_I" + name,
                JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS);
        long send = from.segment().address();
        long receive = to.segment().address();
        int count = (int) block;
        return () -> {
            check((int) call.invokeExact(send, count, bytes, receive, count, bytes, world, request));
            group.await(new Completion());
        };
    }

    private final class Completion implements ProcessGroup.Wait {
        @Override
        public boolean done() {
            try {
                check((int) test.invokeExact(request, flag, 0L));
                return flag.get(JAVA_INT, 0) != 0;
            } catch (Throwable thrown) {
                throw new IllegalStateException(thrown);
            }
        }

        @Override
        public String describe() {
            return "MPI's own collective";
        }
    }

    /** Nanoseconds of the slowest rank. */
    private long slowest(Call call) throws Throwable {
        group.barrier();
        long began = System.nanoTime();
        call.run();
        MemorySegment mine = MemorySegment.ofArray(new long[] {System.nanoTime() - began});
        List<MemorySegment> all = IntStream.range(0, group.size())
                .mapToObj(_ -> MemorySegment.ofArray(new long[1]))
                .toList();
        group.allGather(mine, all);
        return all.stream().mapToLong(time -> time.get(JAVA_LONG, 0)).max().orElseThrow();
    }

    private static void requireArrived(List<MemorySegment> parts, byte round) {
        for (int rank = 0; rank < parts.size(); rank++) {
            MemorySegment part = parts.get(rank);
            byte expected = (byte) (rank + round);
            if (part.get(JAVA_BYTE, 0) != expected || part.get(JAVA_BYTE, part.byteSize() - 1) != expected) {
                throw new IllegalStateException("wrong bytes of rank " + rank);
            }
        }
    }

    private static double median(double[] values) {
        return Arrays.stream(values).sorted().toArray()[values.length / 2];
    }

    private MethodHandle function(String name, MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(mpi.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
    }

    private static void check(int code) {
        if (code != 0) {
            throw new IllegalStateException("MPI ended with " + code);
        }
    }
}
