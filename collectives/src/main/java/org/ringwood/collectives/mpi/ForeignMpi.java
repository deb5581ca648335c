package org.ringwood.collectives.mpi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * Open MPI's C library, called through the JDK. Its handles are pointers to objects, of which the predefined ones are exported by
 * name; other MPIs have other handles. Buffers and handles are passed as numbers: whoever starts a request keeps its memory.
 */
final class ForeignMpi implements MpiLibrary {
    private static final String WORLD = "ompi_mpi_comm_world";
    private static final String CUDA_QUERY = "MPIX_Query_cuda_support";
    private static final int SUCCESS = 0;
    private static final long IGNORED_STATUS = 0;
    private static final int LONGEST_TEXT = 256;

    private final SharedLibrary library;
    private final long world;
    private final long bytes;
    private final long errorsReturn;
    private final MethodHandle isend;
    private final MethodHandle irecv;
    private final MethodHandle test;
    private final MethodHandle cancel;

    private ForeignMpi(SharedLibrary library) {
        this.library = library;
        world = predefined(WORLD);
        bytes = predefined("ompi_mpi_byte");
        errorsReturn = predefined("ompi_mpi_errors_return");
        MemoryLayout[] message = {JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS};
        isend = library.function("MPI_Isend", message);
        irecv = library.function("MPI_Irecv", message);
        test = library.function("MPI_Test", ADDRESS, ADDRESS, JAVA_LONG);
        cancel = library.function("MPI_Cancel", ADDRESS);
    }

    /** @throws IllegalArgumentException if it is not Open MPI's */
    static ForeignMpi of(SharedLibrary library) {
        if (library.find(WORLD).isEmpty()) {
            throw new IllegalArgumentException(
                    "%s is not Open MPI's library, and transport mpi knows no other; load an Open MPI (module load openmpi), or set MPI_HOME to its folder"
                            .formatted(library.name()));
        }
        return new ForeignMpi(library);
    }

    private long predefined(String symbol) {
        return library.find(symbol).orElseThrow().address();
    }

    @Override
    public String binding() {
        return "foreign functions";
    }

    @Override
    public String version() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(LONGEST_TEXT);
            call("MPI_Get_library_version", text, arena.allocate(JAVA_INT));
            return text.getString(0).strip();
        }
    }

    /** Whether it says that it takes addresses of GPUs' memory. Starts nothing. */
    boolean isCudaAware() {
        if (library.find(CUDA_QUERY).isEmpty()) {
            return false;
        }
        try {
            return (int) library.function(CUDA_QUERY).invokeExact() != 0;
        } catch (Throwable thrown) {
            throw SharedLibrary.unchecked(thrown);
        }
    }

    @Override
    public boolean isInitialized() {
        return number("MPI_Initialized") != 0;
    }

    @Override
    public void initialize(int threadLevel) {
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle initialize = library.function("MPI_Init_thread", JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS);
            check((int) initialize.invokeExact(0L, 0L, threadLevel, arena.allocate(JAVA_INT)), "MPI_Init_thread");
            returnErrors(world);
        } catch (Throwable thrown) {
            throw SharedLibrary.unchecked(thrown);
        }
    }

    @Override
    public int threadLevel() {
        return number("MPI_Query_thread");
    }

    @Override
    public int rank() {
        return numberOfWorld("MPI_Comm_rank");
    }

    @Override
    public int size() {
        return numberOfWorld("MPI_Comm_size");
    }

    @Override
    public Communicator connect(int[] ranks, int tag) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocate(JAVA_LONG);
            MemorySegment some = arena.allocate(JAVA_LONG);
            MemorySegment made = arena.allocate(JAVA_LONG);
            MethodHandle group = library.function("MPI_Comm_group", JAVA_LONG, ADDRESS);
            MethodHandle include = library.function("MPI_Group_incl", JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
            MethodHandle create = library.function("MPI_Comm_create_group", JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS);
            check((int) group.invokeExact(world, all), "MPI_Comm_group");
            check(
                    (int) include.invokeExact(
                            all.get(JAVA_LONG, 0), ranks.length, arena.allocateFrom(JAVA_INT, ranks), some),
                    "MPI_Group_incl");
            check((int) create.invokeExact(world, some.get(JAVA_LONG, 0), tag, made), "MPI_Comm_create_group");
            call("MPI_Group_free", some);
            call("MPI_Group_free", all);
            long communicator = made.get(JAVA_LONG, 0);
            returnErrors(communicator);
            return new ForeignCommunicator(communicator);
        } catch (Throwable thrown) {
            throw SharedLibrary.unchecked(thrown);
        }
    }

    @Override
    public void end() {
        call("MPI_Finalize");
    }

    /** Else an error would end the process. */
    private void returnErrors(long communicator) throws Throwable {
        MethodHandle set = library.function("MPI_Comm_set_errhandler", JAVA_LONG, JAVA_LONG);
        check((int) set.invokeExact(communicator, errorsReturn), "MPI_Comm_set_errhandler");
    }

    private int number(String function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(JAVA_INT);
            call(function, number);
            return number.get(JAVA_INT, 0);
        }
    }

    private int numberOfWorld(String function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(JAVA_INT);
            call(function, MemorySegment.ofAddress(world), number);
            return number.get(JAVA_INT, 0);
        }
    }

    /** Calls a function of pointers. */
    private void call(String function, MemorySegment... pointers) {
        MemoryLayout[] types = new MemoryLayout[pointers.length];
        Arrays.fill(types, ADDRESS);
        try {
            check((int) library.function(function, types).invokeWithArguments((Object[]) pointers), function);
        } catch (Throwable thrown) {
            throw SharedLibrary.unchecked(thrown);
        }
    }

    private void check(int code, String function) {
        if (code != SUCCESS) {
            throw new MpiException("%s says: %s".formatted(function, describe(code)));
        }
    }

    private String describe(int code) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(LONGEST_TEXT);
            MethodHandle describe = library.function("MPI_Error_string", JAVA_INT, ADDRESS, ADDRESS);
            int described = (int) describe.invokeExact(code, text, arena.allocate(JAVA_INT));
            return described == SUCCESS ? text.getString(0) : "error " + code;
        } catch (Throwable thrown) {
            throw SharedLibrary.unchecked(thrown);
        }
    }

    private final class ForeignCommunicator implements Communicator {
        private final long communicator;
        // Never freed: a few bytes, which MPI may write into as long as the process lives.
        private final MemorySegment handle = Arena.global().allocate(JAVA_LONG);
        private final MemorySegment flag = Arena.global().allocate(JAVA_INT);

        ForeignCommunicator(long communicator) {
            this.communicator = communicator;
        }

        @Override
        public Request send(MemorySegment payload, int to, int tag) {
            return start(isend, "MPI_Isend", payload, to, tag);
        }

        @Override
        public Request receive(MemorySegment into, int from, int tag) {
            return start(irecv, "MPI_Irecv", into, from, tag);
        }

        private Request start(MethodHandle function, String name, MemorySegment memory, int peer, int tag) {
            try {
                int length = Math.toIntExact(memory.byteSize());
                check(
                        (int) function.invokeExact(memory.address(), length, bytes, peer, tag, communicator, handle),
                        name);
                return new ForeignRequest(this, handle.get(JAVA_LONG, 0));
            } catch (Throwable thrown) {
                throw SharedLibrary.unchecked(thrown);
            }
        }

        boolean isDone(long request) {
            handle.set(JAVA_LONG, 0, request);
            try {
                check((int) test.invokeExact(handle, flag, IGNORED_STATUS), "MPI_Test");
                return flag.get(JAVA_INT, 0) != 0;
            } catch (Throwable thrown) {
                throw SharedLibrary.unchecked(thrown);
            }
        }

        void cancel(long request) {
            handle.set(JAVA_LONG, 0, request);
            try {
                check((int) cancel.invokeExact(handle), "MPI_Cancel");
            } catch (Throwable thrown) {
                throw SharedLibrary.unchecked(thrown);
            }
        }

        @Override
        public void free() {
            handle.set(JAVA_LONG, 0, communicator);
            call("MPI_Comm_free", handle);
        }
    }

    private record ForeignRequest(ForeignCommunicator communicator, long request) implements Request {
        @Override
        public boolean isDone() {
            return communicator.isDone(request);
        }

        @Override
        public void cancel() {
            communicator.cancel(request);
        }
    }
}
