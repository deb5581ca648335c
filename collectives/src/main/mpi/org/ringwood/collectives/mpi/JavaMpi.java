package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import mpi.Comm;
import mpi.Group;
import mpi.Intracomm;
import mpi.MPI;
import mpi.MPIException;

/** Open MPI through its own Java bindings. Compiled only where there is an {@code mpi.jar}, and loaded by name. */
final class JavaMpi implements MpiLibrary {
    /** A call of the bindings. */
    @FunctionalInterface
    private interface Call<T> {
        T run() throws MPIException;
    }

    private JavaMpi() {}

    /**
     * The bindings, if they fit.
     *
     * @param library version of the C library
     * @throws IllegalArgumentException if they were made for another one
     * @throws LinkageError if a part is missing
     */
    static JavaMpi of(String library) throws ReflectiveOperationException {
        Class<?> bindings = Class.forName("mpi.MPI", false, JavaMpi.class.getClassLoader());
        JavaBindings.requireFit(bindings.getPackage().getImplementationVersion(), library);
        JavaBindings.requireFit(MPI.getLibVersion(), library);
        if (call(MPI::isInitialized) && !isInitializedByBindings()) {
            throw new IllegalArgumentException(
                    "this program has initialised MPI without its Java bindings, which then refuse to work; initialise it by mpi.MPI.InitThread, or set -D%s=foreign"
                            .formatted(MpiBinding.PROPERTY));
        }
        return new JavaMpi();
    }

    private static boolean isInitializedByBindings() {
        try {
            return MPI.queryThread() >= 0;
        } catch (MPIException notByThem) {
            return false;
        }
    }

    private static <T> T call(Call<T> call) {
        try {
            return call.run();
        } catch (MPIException e) {
            throw new MpiException("MPI says: " + e.getMessage(), e);
        }
    }

    @Override
    public String binding() {
        return "Open MPI's Java bindings";
    }

    @Override
    public String version() {
        return MPI.getLibVersion().strip();
    }

    @Override
    public boolean isInitialized() {
        return call(MPI::isInitialized);
    }

    @Override
    public void initialize(int threadLevel) {
        call(() -> {
            MPI.InitThread(new String[0], threadLevel);
            MPI.COMM_WORLD.setErrhandler(MPI.ERRORS_RETURN);
            return true;
        });
    }

    @Override
    public int threadLevel() {
        return call(MPI::queryThread);
    }

    @Override
    public int rank() {
        return call(MPI.COMM_WORLD::getRank);
    }

    @Override
    public int size() {
        return call(MPI.COMM_WORLD::getSize);
    }

    @Override
    public Communicator connect(int[] ranks, int tag) {
        return call(() -> {
            Group all = MPI.COMM_WORLD.getGroup();
            Group some = all.incl(ranks);
            Intracomm made = MPI.COMM_WORLD.createGroup(some, tag);
            some.free();
            all.free();
            made.setErrhandler(MPI.ERRORS_RETURN);
            return new JavaCommunicator(made);
        });
    }

    @Override
    public void end() {
        call(() -> {
            MPI.Finalize();
            return true;
        });
    }

    private record JavaCommunicator(Comm communicator) implements Communicator {
        @Override
        public Request send(MemorySegment bytes, int to, int tag) {
            int length = Math.toIntExact(bytes.byteSize());
            Buffer buffer = buffer(bytes);
            return call(() -> new JavaRequest(communicator.iSend(buffer, length, MPI.BYTE, to, tag)));
        }

        @Override
        public Request receive(MemorySegment into, int from, int tag) {
            int source = from == ANY ? MPI.ANY_SOURCE : from;
            int length = Math.toIntExact(into.byteSize());
            Buffer buffer = buffer(into);
            return call(() -> new JavaRequest(communicator.iRecv(buffer, length, MPI.BYTE, source, tag)));
        }

        /** The same memory, as the bindings want it. They take nothing but its address, so that also a read-only one is sent. */
        private static Buffer buffer(MemorySegment memory) {
            return memory.asByteBuffer();
        }

        @Override
        public void free() {
            call(() -> {
                communicator.free();
                return true;
            });
        }
    }

    private record JavaRequest(mpi.Request request) implements Request {
        @Override
        public boolean isDone() {
            return call(request::test);
        }

        @Override
        public void cancel() {
            call(() -> {
                request.cancel();
                return true;
            });
        }
    }
}
