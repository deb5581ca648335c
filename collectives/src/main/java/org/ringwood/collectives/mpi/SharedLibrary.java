package org.ringwood.collectives.mpi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * A shared library whose symbols are visible to those that it loads in turn, which Open MPI's plugins rely on and
 * {@link java.lang.foreign.SymbolLookup#libraryLookup} does not grant. Stays loaded.
 */
@SuppressWarnings("restricted") // Calls native code: that is what it is for.
final class SharedLibrary {
    private static final int RTLD_NOW = 2;
    private static final int RTLD_GLOBAL = 0x100;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle OPEN = libc("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle SYMBOL = libc("dlsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    private static final MethodHandle ERROR = libc("dlerror", FunctionDescriptor.of(ADDRESS));
    private static final MethodHandle SET_VARIABLE =
            libc("setenv", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));

    private final String name;
    private final MemorySegment handle;

    private SharedLibrary(String name, MemorySegment handle) {
        this.name = name;
        this.handle = handle;
    }

    private static MethodHandle libc(String function, FunctionDescriptor type) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), type);
    }

    /**
     * Loads a library, unless it is loaded.
     *
     * @param name path, or a name for the system to look up
     * @throws IllegalArgumentException with the system's reason if it cannot be loaded
     */
    static SharedLibrary open(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = (MemorySegment) OPEN.invokeExact(arena.allocateFrom(name), RTLD_NOW | RTLD_GLOBAL);
            if (handle.equals(MemorySegment.NULL)) {
                throw new IllegalArgumentException(text((MemorySegment) ERROR.invokeExact()));
            }
            return new SharedLibrary(name, handle);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /** Sets a variable for native code of this process, unless it has one; Java does not see it. */
    static void setVariable(String name, String value) {
        try (Arena arena = Arena.ofConfined()) {
            int result = (int) SET_VARIABLE.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
            if (result != 0) {
                throw new IllegalStateException("the environment has no room for " + name);
            }
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /** Sets a variable of a byte of the libraries that are loaded, if one of them has it. */
    static void setFlag(String symbol) {
        new SharedLibrary("", MemorySegment.NULL)
                .find(symbol)
                .ifPresent(flag -> flag.reinterpret(1).set(JAVA_BYTE, 0, (byte) 1));
    }

    String name() {
        return name;
    }

    Optional<MemorySegment> find(String symbol) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = (MemorySegment) SYMBOL.invokeExact(handle, arena.allocateFrom(symbol));
            return Optional.of(address).filter(found -> !found.equals(MemorySegment.NULL));
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /**
     * A function that returns an int.
     *
     * @throws IllegalArgumentException if the library has none of that name
     */
    MethodHandle function(String symbol, MemoryLayout... arguments) {
        MemorySegment address = find(symbol)
                .orElseThrow(() -> new IllegalArgumentException("%s has no function %s".formatted(name, symbol)));
        return LINKER.downcallHandle(address, FunctionDescriptor.of(JAVA_INT, arguments));
    }

    private static String text(MemorySegment chars) {
        return chars.equals(MemorySegment.NULL)
                ? "no reason given"
                : chars.reinterpret(Long.MAX_VALUE).getString(0);
    }

    /** What a call of native code has thrown: it declares everything, but throws nothing that is checked. */
    static RuntimeException unchecked(Throwable thrown) {
        return switch (thrown) {
            case RuntimeException exception -> exception;
            case Error error -> throw error;
            default -> new IllegalStateException(thrown);
        };
    }
}
