package org.ringwood.benchmarks.libtorch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.ringwood.kernels.DType;

/**
 * The functions of libtorch that are called here. They are those of its C interface for ahead-of-time compiled models
 * (torch/csrc/inductor/aoti_torch/c/shim.h), which keep their signatures within a release, and the number of threads, which has no C
 * interface and is called by its mangled name.
 */
@SuppressWarnings("restricted")
final class TorchLibrary {
    private static final int CPU = 0;
    private static final int NO_DEVICE_INDEX = -1;
    private static final long NO_OFFSET = 0;
    private static final double NO_DROPOUT = 0;

    private final SymbolLookup symbols;
    private final MethodHandle createTensor;
    private final MethodHandle deleteTensor;
    private final MethodHandle dataOf;
    private final MethodHandle stridesOf;
    private final MethodHandle flashAttention;
    private final MethodHandle flashAttentionBackward;
    private final MethodHandle setThreads;
    private final MethodHandle getThreads;

    /**
     * Loads the library; it stays loaded.
     *
     * @throws IllegalArgumentException if it can't be loaded
     * @throws java.util.NoSuchElementException if it has not these functions
     */
    TorchLibrary(Path file) {
        symbols = SymbolLookup.libraryLookup(file, Arena.global());
        createTensor = status(
                "aoti_torch_create_tensor_from_blob",
                ADDRESS,
                JAVA_LONG,
                ADDRESS,
                ADDRESS,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                ADDRESS);
        deleteTensor = status("aoti_torch_delete_tensor_object", ADDRESS);
        dataOf = status("aoti_torch_get_data_ptr", ADDRESS, ADDRESS);
        stridesOf = status("aoti_torch_get_strides", ADDRESS, ADDRESS);
        flashAttention = status(
                "aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu",
                ADDRESS,
                ADDRESS,
                ADDRESS,
                JAVA_DOUBLE,
                JAVA_INT,
                ADDRESS,
                ADDRESS,
                ADDRESS,
                ADDRESS);
        flashAttentionBackward = status(
                "aoti_torch_cpu__scaled_dot_product_flash_attention_for_cpu_backward",
                ADDRESS,
                ADDRESS,
                ADDRESS,
                ADDRESS,
                ADDRESS,
                ADDRESS,
                JAVA_DOUBLE,
                JAVA_INT,
                ADDRESS,
                ADDRESS,
                ADDRESS,
                ADDRESS,
                ADDRESS);
        setThreads = function("_ZN2at15set_num_threadsEi", FunctionDescriptor.ofVoid(JAVA_INT));
        getThreads = function("_ZN2at15get_num_threadsEv", FunctionDescriptor.of(JAVA_INT));
    }

    private MethodHandle status(String name, MemoryLayout... parameters) {
        return function(name, FunctionDescriptor.of(JAVA_INT, parameters));
    }

    private MethodHandle function(String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), descriptor);
    }

    /** Sets how many threads calls of this thread use; how many they then use. */
    int useThreads(int threads) {
        try {
            setThreads.invokeExact(threads);
            return (int) getThreads.invokeExact();
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** A tensor over {@code memory}, which must outlive it; freed by {@link #delete}. */
    MemorySegment tensor(MemorySegment memory, DType dtype, long[] sizes, long[] strides) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(ADDRESS);
            check((int) createTensor.invokeExact(
                    memory,
                    (long) sizes.length,
                    arena.allocateFrom(JAVA_LONG, sizes),
                    arena.allocateFrom(JAVA_LONG, strides),
                    NO_OFFSET,
                    scalarType(dtype),
                    CPU,
                    NO_DEVICE_INDEX,
                    result));
            return result.get(ADDRESS, 0);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** Numbers of c10::ScalarType. */
    private static int scalarType(DType dtype) {
        return switch (dtype) {
            case F16 -> 5;
            case F32 -> 6;
            case BF16 -> 15;
        };
    }

    void delete(MemorySegment tensor) {
        try {
            check((int) deleteTensor.invokeExact(tensor));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** The first {@code bytes} of a tensor's memory. */
    MemorySegment data(MemorySegment tensor, long bytes) {
        return pointer(dataOf, tensor).reinterpret(bytes);
    }

    /** Elements from one to the next along every dimension. */
    long[] strides(MemorySegment tensor, int dimensions) {
        return pointer(stridesOf, tensor)
                .reinterpret(dimensions * JAVA_LONG.byteSize())
                .toArray(JAVA_LONG);
    }

    private static MemorySegment pointer(MethodHandle getter, MemorySegment tensor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(ADDRESS);
            check((int) getter.invokeExact(tensor, result));
            return result.get(ADDRESS, 0);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /**
     * Attention of tensors {@code [batch, heads, tokens, dim]} with the scale {@code 1/sqrt(dim)}; causal is aligned at the start. Writes the
     * output's tensor and that of the log-sum-exps, both to be deleted, to {@code out} and {@code lse}.
     */
    void attend(
            MemorySegment queries,
            MemorySegment keys,
            MemorySegment values,
            boolean causal,
            MemorySegment out,
            MemorySegment lse) {
        try {
            check((int) flashAttention.invokeExact(
                    queries,
                    keys,
                    values,
                    NO_DROPOUT,
                    causal ? 1 : 0,
                    MemorySegment.NULL,
                    MemorySegment.NULL,
                    out,
                    lse));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /**
     * The gradients of {@link #attend}. Writes the tensors of those of queries, keys and values, all to be deleted, to the last three.
     *
     * @param outGradients gradient of the output
     * @param out output of the attention
     * @param lse log-sum-exps of the attention
     */
    void attendBackward(
            MemorySegment outGradients,
            MemorySegment queries,
            MemorySegment keys,
            MemorySegment values,
            MemorySegment out,
            MemorySegment lse,
            boolean causal,
            MemorySegment queryGradients,
            MemorySegment keyGradients,
            MemorySegment valueGradients) {
        try {
            check((int) flashAttentionBackward.invokeExact(
                    outGradients,
                    queries,
                    keys,
                    values,
                    out,
                    lse,
                    NO_DROPOUT,
                    causal ? 1 : 0,
                    MemorySegment.NULL,
                    MemorySegment.NULL,
                    queryGradients,
                    keyGradients,
                    valueGradients));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    private static void check(int status) {
        if (status != 0) {
            throw new IllegalStateException("libtorch refused the call; it says why on the standard error stream");
        }
    }

    private static RuntimeException broken(Throwable cause) {
        return cause instanceof RuntimeException known ? known : new IllegalStateException("libtorch failed", cause);
    }
}
