package org.ringwood.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The emulated driver of {@code src/test/cuda/emulation}: kernels run on the CPU, below the real JCuda. It is built when first asked for, which takes some
 * seconds, and tells of itself that it is no GPU.
 */
@SuppressWarnings("restricted")
public final class Emulation {
    private static final Path SOURCES = Path.of("src", "test", "cuda", "emulation");
    private static final Path FOLDER = Path.of("target", "emulation").toAbsolutePath();
    private static final long BUILD_MINUTES = 10;

    private final MethodHandle set;
    private final MethodHandle held;

    private Emulation(SymbolLookup library) {
        Linker linker = Linker.nativeLinker();
        set = linker.downcallHandle(
                library.findOrThrow("ringwood_emulation_set"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
        held = linker.downcallHandle(library.findOrThrow("ringwood_emulation_held"), FunctionDescriptor.of(JAVA_INT));
    }

    /**
     * Makes it the driver of this JVM.
     *
     * @throws UnsupportedOperationException if it can't be built here; the message says why
     */
    static Emulation load() {
        build();
        Path library = FOLDER.resolve("libcuda.so.1");
        System.load(library.toString());
        System.setProperty("org.ringwood.kernels.cuda.images", FOLDER.toString());
        return new Emulation(SymbolLookup.libraryLookup(library, Arena.global()));
    }

    private static void build() {
        try {
            Files.createDirectories(FOLDER);
            Path log = FOLDER.resolve("build.log");
            Process build = new ProcessBuilder(SOURCES.resolve("build").toString(), FOLDER.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            if (!build.waitFor(BUILD_MINUTES, TimeUnit.MINUTES)) {
                build.destroyForcibly();
                throw new IllegalStateException("the emulation is not built after " + BUILD_MINUTES + " minutes");
            }
            String said = Files.readString(log, StandardCharsets.UTF_8).strip();
            // The script's status for what this machine lacks.
            if (build.exitValue() == 3) {
                throw new UnsupportedOperationException(said);
            }
            if (build.exitValue() != 0) {
                throw new IllegalStateException("the emulation can't be built: " + said);
            }
        } catch (IOException e) {
            throw new UnsupportedOperationException("the emulation can't be built: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the emulation was built", e);
        }
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
