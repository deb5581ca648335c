package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.cuda.driver.Driver;
import org.ringwood.kernels.cuda.driver.DriverException;

/** The kernels of a device, loaded when first asked for. For one thread. */
final class KernelModules implements AutoCloseable {
    private static final String STATES = "states";

    private final Driver driver;
    private final int device;
    private final Staging staging;
    private final Map<String, Driver.Module> modules = new HashMap<>();
    private final Map<String, Driver.Function> functions = new HashMap<>();
    private final Map<String, List<BlockShape>> tables = new HashMap<>();
    private final Map<String, AttendKernel> kernels = new HashMap<>();

    /**
     * Loads what every call needs.
     *
     * @throws UnsupportedOperationException if this build has no kernels for the device
     */
    KernelModules(Driver driver, int device, Staging staging) {
        this.driver = driver;
        this.device = device;
        this.staging = staging;
        module(STATES);
    }

    /** Name of a dtype in kernels' names. */
    static String suffix(DType dtype) {
        return dtype.name().toLowerCase(Locale.ROOT);
    }

    /** A kernel of softmax states. */
    Driver.Function state(String name) {
        return function(STATES, name);
    }

    /**
     * The kernel of attention for head dims of up to {@code dim}.
     *
     * @param few whether it is the one for few queries
     * @param dropout whether it drops weights
     */
    AttendKernel attend(DType dtype, boolean few, boolean dropout, int dim) {
        String module = (dropout ? "attend_dropout_" : "attend_") + suffix(dtype);
        String use = few ? "_few" : "_many";
        return kernel(module, module + use, use, dim);
    }

    /** The kernel of some gradients for head dims of up to {@code dim}, with dropout or without. */
    AttendKernel gradients(DType dtype, GradientUse use, boolean dropout, int dim) {
        String module = (dropout ? "gradient_dropout_" : "gradient_") + suffix(dtype);
        return kernel(module, module + "_shapes", "_" + use.suffix(), dim);
    }

    /** A kernel of what gradients need before and after their products. */
    Driver.Function gradientEnds(String name) {
        return function("gradients", "gradient_" + name);
    }

    private AttendKernel kernel(String module, String table, String use, int dim) {
        BlockShape shape = table(module, table).stream()
                .filter(candidate -> candidate.dim() >= dim)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no kernel of " + table + " has dim " + dim));
        return kernels.computeIfAbsent(
                module + "_d" + shape.dim() + use, name -> attendKernel(function(module, name), name, shape));
    }

    private AttendKernel attendKernel(Driver.Function function, String name, BlockShape shape) {
        driver.allowSharedMemory(function, shape.sharedBytes());
        int resident = driver.residentBlocks(function, shape.threads(), shape.sharedBytes())
                * driver.attribute(device, Driver.Attribute.MULTIPROCESSORS);
        return new AttendKernel(name, function, shape, resident);
    }

    /** The shapes of a module's kernels, from the smallest dim on. */
    private List<BlockShape> table(String module, String name) {
        return tables.computeIfAbsent(name, _ -> {
            Driver.Variable table = driver.variable(module(module), name);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment content = arena.allocate(table.bytes());
                staging.download(
                        new Driver.Rows(table.address(), 1, 1, table.bytes()),
                        (pinned, at) -> content.asSlice(at, pinned.byteSize()).copyFrom(pinned));
                return LongStream.range(0, table.bytes() / BlockShape.BYTES)
                        .mapToObj(i -> BlockShape.read(content, i * BlockShape.BYTES))
                        .toList();
            }
        });
    }

    private Driver.Function function(String module, String name) {
        return functions.computeIfAbsent(name, _ -> driver.function(module(module), name));
    }

    private Driver.Module module(String name) {
        return modules.computeIfAbsent(name, _ -> load(name));
    }

    private Driver.Module load(String name) {
        byte[] image = KernelImages.find(
                name,
                driver.attribute(device, Driver.Attribute.CAPABILITY_MAJOR),
                driver.attribute(device, Driver.Attribute.CAPABILITY_MINOR));
        try {
            return driver.load(image);
        } catch (DriverException refused) {
            int version = driver.version();
            throw new UnsupportedOperationException(
                    "the NVIDIA driver, which is for CUDA " + version / 1000 + "." + version % 1000 / 10
                            + ", can't load the kernels of this build (" + refused.getMessage()
                            + "): update it, or build Ringwood with nvcc of that release",
                    refused);
        }
    }

    @Override
    public void close() {
        modules.values().forEach(driver::unload);
    }
}
