package org.ringwood.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * The emulated driver of {@code src/test/cuda/emulation}: kernels run on the CPU, below the real JCuda. It is built when first asked for, which takes some
 * seconds, and tells of itself that it is no GPU.
 */
@SuppressWarnings("restricted")
public final class Emulation {
    private final MethodHandle set;
    private final MethodHandle get;
    private final MethodHandle held;

    private Emulation(SymbolLookup library) {
        Linker linker = Linker.nativeLinker();
        set = linker.downcallHandle(
                library.findOrThrow("ringwood_emulation_set"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
        get = linker.downcallHandle(
                library.findOrThrow("ringwood_emulation_get"), FunctionDescriptor.of(JAVA_LONG, ADDRESS));
        held = linker.downcallHandle(library.findOrThrow("ringwood_emulation_held"), FunctionDescriptor.of(JAVA_INT));
    }

    /**
     * Makes it the driver of this JVM.
     *
     * @throws UnsupportedOperationException if it can't be built here; the message says why
     */
    static Emulation load() {
        Path folder = EmulatedKernels.build("emulation").folder();
        Path library = folder.resolve("libcuda.so.1");
        System.load(library.toString());
        System.setProperty("org.ringwood.kernels.cuda.images", folder.toString());
        return new Emulation(SymbolLookup.libraryLookup(library, Arena.global()));
    }

    /** Changes a property of the emulated driver; the names are those of its settings in driver.cpp. A lost device is found again. */
    void set(String name, long value) {
        try (Arena arena = Arena.ofConfined()) {
            int result = (int) set.invokeExact(arena.allocateFrom(name), value);
            if (result != 0) {
                throw new IllegalArgumentException("the emulation has no " + name);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** A property, or one of the counts {@code bytes to device} and {@code bytes to host}. */
    long get(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) get.invokeExact(arena.allocateFrom(name));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Contexts, modules, streams, events and runs of memory that are not given back. */
    int held() {
        try {
            return (int) held.invokeExact();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
