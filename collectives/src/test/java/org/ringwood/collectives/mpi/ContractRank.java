package org.ringwood.collectives.mpi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.CollectivesContract;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Tally;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TransportContract;

/**
 * A process that mpirun has started. All of them run the contracts' tests, in the same order, each with its own rank's part of the
 * groups. Small groups leave out the last processes.
 */
@SuppressWarnings("restricted") // Looks at what native code sees.
final class ContractRank implements TransportContract, CollectivesContract {
    private final Path folder;
    private final List<Integer> sizes;
    private final int self = Integer.parseInt(System.getenv("OMPI_COMM_WORLD_RANK"));
    private String test = "";
    private int connected;

    private ContractRank(Path folder, List<Integer> sizes) {
        this.folder = folder;
        this.sizes = sizes;
    }

    /** Arguments: a folder that all processes share, and the numbers of ranks to try. */
    public static void main(String[] arguments) throws Exception {
        List<Integer> sizes = Stream.of(arguments).skip(1).map(Integer::valueOf).toList();
        ContractRank rank = new ContractRank(Path.of(arguments[0]), sizes);
        for (Method test : tests()) {
            rank.run(test);
        }
    }

    static List<Method> tests() {
        return Stream.of(TransportContract.class, CollectivesContract.class, ContractRank.class)
                .flatMap(contract -> Stream.of(contract.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(Test.class))
                .sorted(Comparator.comparing(Method::getName))
                .toList();
    }

    /** What a test shares is numbered anew in each, since one that fails on this rank alone does not do all that the others do. */
    private void run(Method method) throws IOException {
        test = method.getName();
        connected = 0;
        new Outcomes(folder).note(test, self, () -> method.invoke(this));
    }

    /** Ranks may outnumber the cores, and UCX must leave the JVM its signals: Open MPI is told before it starts. */
    @Test
    void settingsReachOpenMpi() throws Throwable {
        RankThreads.run(connect(sizes.getLast()), ProcessGroup::barrier);
        MemorySegment yields = SharedLibrary.open("libmpi.so.40")
                .find("ompi_mpi_yield_when_idle")
                .orElseThrow();
        assertThat(yields.reinterpret(1).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
        Linker linker = Linker.nativeLinker();
        MethodHandle variable = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("getenv"),
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS));
        MemorySegment signals =
                (MemorySegment) variable.invokeExact(Arena.ofAuto().allocateFrom("UCX_ERROR_SIGNALS"));
        assertThat(signals.reinterpret(1).getString(0)).isEmpty();
    }

    @Override
    public List<Integer> sizes() {
        return sizes;
    }

    @Override
    public long seed() {
        return folder.hashCode();
    }

    @Override
    public Tally tally() throws IOException {
        return new SharedFolder(folder.resolve(test + "-tally" + connected)).tally();
    }

    /** The chunk is small, so that large messages are split. */
    @Override
    public List<ProcessGroup> connect(Topology topology, Timeouts timeouts) throws IOException {
        String name = test + "-job" + connected++;
        if (self >= topology.size()) {
            return List.of();
        }
        SharedFolder shared = new SharedFolder(folder.resolve(name));
        Job job = new Job(name.hashCode(), 0, topology, timeouts);
        return List.of(ProcessGroups.over(
                job,
                self,
                (of, chapter) -> MpiTransport.connect(new MpiConfig(
                        of,
                        self,
                        shared.chapter(chapter),
                        shared,
                        MpiBinding.fromProperties(),
                        CudaAwareness.fromProperties(),
                        1 << 20)),
                shared));
    }
}
