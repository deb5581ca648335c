package org.ringwood.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/** A stream of a program that shares the device's primary context, say a trainer, and knows nothing of Ringwood: it calls the driver's library itself. */
@SuppressWarnings("restricted")
final class CallersStream implements AutoCloseable {
    private static final int DEVICE = 0;
    private static final int NO_FLAGS = 0;

    private final Arena arena = Arena.ofShared();
    private final SymbolLookup library = SymbolLookup.libraryLookup("libcuda.so.1", Arena.global());
    private final List<MemorySegment> pinned = new ArrayList<>();
    private final long stream;

    CallersStream() {
        MemorySegment context = arena.allocate(ADDRESS);
        call("cuDevicePrimaryCtxRetain", context, DEVICE);
        call("cuCtxSetCurrent", context.get(ADDRESS, 0));
        MemorySegment handle = arena.allocate(JAVA_LONG);
        call("cuStreamCreate", handle, NO_FLAGS);
        stream = handle.get(JAVA_LONG, 0);
    }

    long handle() {
        return stream;
    }

    /** Queues a copy of what the host has now to the device. */
    void upload(MemorySegment from, MemorySegment to) {
        MemorySegment staged = pin(from.byteSize()).copyFrom(from);
        call("cuMemcpyHtoDAsync_v2", to.address(), staged, from.byteSize(), stream);
    }

    /** Queues a copy to the host; returns where it will be. */
    MemorySegment download(MemorySegment from) {
        MemorySegment staged = pin(from.byteSize());
        call("cuMemcpyDtoHAsync_v2", staged, from.address(), from.byteSize(), stream);
        return staged;
    }

    private MemorySegment pin(long bytes) {
        MemorySegment address = arena.allocate(ADDRESS);
        call("cuMemHostAlloc", address, bytes, NO_FLAGS);
        MemorySegment memory = address.get(ADDRESS, 0).reinterpret(bytes);
        pinned.add(memory);
        return memory;
    }

    void synchronize() {
        call("cuStreamSynchronize", stream);
    }

    private void call(String function, Object... arguments) {
        MemoryLayout[] types = new MemoryLayout[arguments.length];
        for (int i = 0; i < types.length; i++) {
            types[i] = switch (arguments[i]) {
                case Integer _ -> JAVA_INT;
                case Long _ -> JAVA_LONG;
                default -> ADDRESS;
            };
        }
        MethodHandle handle = Linker.nativeLinker()
                .downcallHandle(library.findOrThrow(function), FunctionDescriptor.of(JAVA_INT, types));
        try {
            int result = (int) handle.invokeWithArguments(arguments);
            if (result != 0) {
                throw new AssertionError(function + " answers " + result);
            }
        } catch (Throwable e) {
            throw e instanceof Error error ? error : new AssertionError(e);
        }
    }

    @Override
    public void close() {
        synchronize();
        pinned.forEach(memory -> call("cuMemFreeHost", memory));
        call("cuStreamDestroy_v2", stream);
        call("cuDevicePrimaryCtxRelease_v2", DEVICE);
        arena.close();
    }
}
