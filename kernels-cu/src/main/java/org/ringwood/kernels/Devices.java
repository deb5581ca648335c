package org.ringwood.kernels;

import java.util.Locale;
import java.util.OptionalLong;
import org.ringwood.kernels.cpu.CpuKernels;
import org.ringwood.kernels.cuda.CudaDevice;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.kernels.pool.WorkerPool;
import org.ringwood.kernels.scalar.ScalarGradients;
import org.ringwood.kernels.scalar.ScalarKernels;

/** Opens devices by name. */
public final class Devices {
    private static final String VECTORS = "jdk.incubator.vector";

    private Devices() {}

    /** Kinds of device. */
    public enum Kind {
        /** The best that works here. */
        AUTO,
        /** An NVIDIA GPU. */
        CUDA,
        /** This machine's cores through the Vector API. */
        CPU,
        /** The f64 oracle: plain loops, slow, exact. */
        SCALAR;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What a device may use of a machine that processes share.
     *
     * @param threads compute threads of a CPU device, at least 1
     * @param cpus the processors that its threads keep to: one each, in the order of the list, or all of them to the whole list if they are more; none leaves the
     *     choice to the operating system. Give devices that work at the same time disjoint lists
     * @param localRank number of this process among those of its node, which take its GPUs in turn
     * @param deviceMemory bytes of a GPU's memory that this process may take for tensors, at least 1, beside that of modules and streams; empty for all that is free
     */
    public record Share(int threads, CpuList cpus, int localRank, OptionalLong deviceMemory) {
        /** @throws IllegalArgumentException if a number is too small */
        public Share {
            if (threads < 1) {
                throw new IllegalArgumentException("a device needs at least 1 thread, not " + threads);
            }
            if (localRank < 0 || deviceMemory.orElse(1) < 1) {
                throw new IllegalArgumentException("a local rank of " + localRank + " and " + deviceMemory
                        + " bytes of memory are no share of a device");
            }
        }

        /** Some threads, on any processors, of a machine where nobody else uses a GPU. */
        public static Share of(int threads) {
            return new Share(threads, CpuList.NONE, 0, OptionalLong.empty());
        }
    }

    /**
     * Opens a device whose threads run where the operating system likes.
     *
     * @param kind which
     * @param threads compute threads of a CPU device, at least 1
     * @throws UnsupportedOperationException if this machine has no such device; the message says why
     */
    public static Device open(Kind kind, int threads) {
        return open(kind, Share.of(threads));
    }

    /**
     * Opens a device.
     *
     * @param kind which
     * @param share what it may use
     * @throws UnsupportedOperationException if this machine has no such device, or can't pin threads; the message says why
     * @throws IllegalArgumentException if a processor is not one that this process may use
     */
    public static Device open(Kind kind, Share share) {
        return switch (kind) {
            case AUTO -> best(share);
            case CPU -> cpu(share, "");
            case SCALAR ->
                new PooledDevice(Kind.SCALAR, "f64 loops", share.threads(), share.cpus(), "", Devices::scalarKernels);
            case CUDA -> cuda(share);
        };
    }

    private static Device best(Share share) {
        try {
            return CudaDevice.open(share, "the fastest device here");
        } catch (UnsupportedOperationException missing) {
            return cpu(share, "no CUDA device: " + missing.getMessage());
        }
    }

    private static Device cpu(Share share, String choice) {
        if (ModuleLayer.boot().findModule(VECTORS).isEmpty()) {
            throw new UnsupportedOperationException("this JVM has no module " + VECTORS
                    + ", which device cpu computes with; start it with --add-modules " + VECTORS);
        }
        return new PooledDevice(
                Kind.CPU, CpuKernels.vectors(), share.threads(), share.cpus(), choice, Devices::cpuKernels);
    }

    private static PooledDevice.Kernels cpuKernels(WorkerPool pool) {
        CpuKernels kernels = new CpuKernels(pool);
        return new PooledDevice.Kernels(kernels, kernels.gradients());
    }

    private static PooledDevice.Kernels scalarKernels(WorkerPool pool) {
        return new PooledDevice.Kernels(new ScalarKernels(pool), new ScalarGradients(pool));
    }

    private static Device cuda(Share share) {
        try {
            return CudaDevice.open(share, "");
        } catch (UnsupportedOperationException missing) {
            throw new UnsupportedOperationException(
                    "no CUDA device: " + missing.getMessage() + "; take device cpu", missing);
        }
    }
}
