package org.ringwood.kernels.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** The calls on streams of other code, which JCuda has no handles for, by the JDK's foreign functions. Handles are passed as numbers. */
@SuppressWarnings("restricted")
final class CallersStreams {
    private static final String DRIVER = "libcuda.so.1";
    private static final int NO_FLAGS = 0;

    private final MethodHandle record = function("cuEventRecord", JAVA_LONG, JAVA_LONG);
    private final MethodHandle await = function("cuStreamWaitEvent", JAVA_LONG, JAVA_LONG, JAVA_INT);

    private static MethodHandle function(String name, MemoryLayout... parameters) {
        // JCuda has loaded it already.
        MemorySegment address =
                SymbolLookup.libraryLookup(DRIVER, Arena.global()).findOrThrow(name);
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(JAVA_INT, parameters));
    }

    /** cuEventRecord. */
    int record(long event, long stream) {
        try {
            return (int) record.invokeExact(event, stream);
        } catch (Throwable e) {
            throw new AssertionError("a native function does not throw", e);
        }
    }

    /** cuStreamWaitEvent. */
    int await(long stream, long event) {
        try {
            return (int) await.invokeExact(stream, event, NO_FLAGS);
        } catch (Throwable e) {
            throw new AssertionError("a native function does not throw", e);
        }
    }
}
