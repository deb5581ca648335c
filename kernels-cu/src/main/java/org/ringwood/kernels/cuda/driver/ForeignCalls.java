package org.ringwood.kernels.cuda.driver;

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
import org.ringwood.kernels.DeviceSharing;

/** Calls by the JDK's foreign functions: on streams of other code, which JCuda has no handles for, and for handles of memory, whose bytes it does not show. */
@SuppressWarnings("restricted")
final class ForeignCalls {
    private static final String DRIVER = "libcuda.so.1";
    private static final int NO_FLAGS = 0;
    private static final int LAZY_ENABLE_PEER_ACCESS = 1;
    private static final MemoryLayout HANDLE =
            MemoryLayout.structLayout(MemoryLayout.sequenceLayout(DeviceSharing.HANDLE_BYTES, JAVA_BYTE));

    private final MethodHandle record = function("cuEventRecord", JAVA_LONG, JAVA_LONG);
    private final MethodHandle await = function("cuStreamWaitEvent", JAVA_LONG, JAVA_LONG, JAVA_INT);

    /** Looked up when they are needed. */
    private static final class Sharing {
        static final MethodHandle EXPORT = function("cuIpcGetMemHandle", ADDRESS, JAVA_LONG);
        static final MethodHandle OPEN = function("cuIpcOpenMemHandle_v2", ADDRESS, HANDLE, JAVA_INT);
    }

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
            throw neverThrown(e);
        }
    }

    /** cuStreamWaitEvent. */
    int await(long stream, long event) {
        try {
            return (int) await.invokeExact(stream, event, NO_FLAGS);
        } catch (Throwable e) {
            throw neverThrown(e);
        }
    }

    /** cuIpcGetMemHandle; fills the handle. */
    int export(long address, byte[] handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filled = arena.allocate(HANDLE);
            int result = (int) Sharing.EXPORT.invokeExact(filled, address);
            MemorySegment.copy(filled, JAVA_BYTE, 0, handle, 0, DeviceSharing.HANDLE_BYTES);
            return result;
        } catch (Throwable e) {
            throw neverThrown(e);
        }
    }

    /** cuIpcOpenMemHandle; fills the address. */
    int open(byte[] handle, long[] address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment given = arena.allocate(HANDLE);
            MemorySegment.copy(handle, 0, given, JAVA_BYTE, 0, DeviceSharing.HANDLE_BYTES);
            MemorySegment filled = arena.allocate(JAVA_LONG);
            int result = (int) Sharing.OPEN.invokeExact(filled, given, LAZY_ENABLE_PEER_ACCESS);
            address[0] = filled.get(JAVA_LONG, 0);
            return result;
        } catch (Throwable e) {
            throw neverThrown(e);
        }
    }

    private static AssertionError neverThrown(Throwable thrown) {
        return new AssertionError("a native function does not throw", thrown);
    }
}
