package org.ringwood.kernels;

import java.util.Locale;
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
     * Opens a device whose threads run where the operating system likes.
     *
     * @param kind which
     * @param threads compute threads of a CPU device, at least 1
     * @throws UnsupportedOperationException if this machine has no such device; the message says why
     */
    public static Device open(Kind kind, int threads) {
        return open(kind, threads, CpuList.NONE);
    }

    /**
     * Opens a device whose threads keep to some processors: one each, in the order of the list, or all of them to the whole list if they are
     * more. Give devices that work at the same time disjoint lists.
     *
     * @param kind which
     * @param threads compute threads of a CPU device, at least 1
     * @param cpus the processors; none leaves the choice to the operating system
     * @throws UnsupportedOperationException if this machine has no such device, or can't pin threads; the message says why
     * @throws IllegalArgumentException if a processor is not one that this process may use
     */
    public static Device open(Kind kind, int threads, CpuList cpus) {
        return open(kind, threads, cpus, 0);
    }

    /**
     * The same for one of several processes of a node, which take its GPUs in turn.
     *
     * @param kind which
     * @param threads compute threads of a CPU device, at least 1
     * @param cpus the processors; none leaves the choice to the operating system
     * @param localRank number of this process among those of its node; it counts where there are several GPUs that this process may use
     * @throws UnsupportedOperationException if this machine has no such device, or can't pin threads; the message says why
     * @throws IllegalArgumentException if a processor is not one that this process may use
     */
    public static Device open(Kind kind, int threads, CpuList cpus, int localRank) {
        if (threads < 1) {
            throw new IllegalArgumentException("a device needs at least 1 thread, not " + threads);
        }
        return switch (kind) {
            case AUTO -> best(threads, cpus, localRank);
            case CPU -> cpu(threads, cpus, "");
            case SCALAR -> new PooledDevice(Kind.SCALAR, "f64 loops", threads, cpus, "", Devices::scalarKernels);
            case CUDA -> cuda(cpus, localRank);
        };
    }

    private static Device best(int threads, CpuList cpus, int localRank) {
        try {
            return CudaDevice.open(localRank, cpus, "the fastest device here");
        } catch (UnsupportedOperationException missing) {
            return cpu(threads, cpus, "no CUDA device: " + missing.getMessage());
        }
    }

    private static Device cpu(int threads, CpuList cpus, String choice) {
        if (ModuleLayer.boot().findModule(VECTORS).isEmpty()) {
            throw new UnsupportedOperationException("this JVM has no module " + VECTORS
                    + ", which device cpu computes with; start it with --add-modules " + VECTORS);
        }
        return new PooledDevice(Kind.CPU, CpuKernels.vectors(), threads, cpus, choice, Devices::cpuKernels);
    }

    private static PooledDevice.Kernels cpuKernels(WorkerPool pool) {
        CpuKernels kernels = new CpuKernels(pool);
        return new PooledDevice.Kernels(kernels, kernels.gradients());
    }

    private static PooledDevice.Kernels scalarKernels(WorkerPool pool) {
        return new PooledDevice.Kernels(new ScalarKernels(pool), new ScalarGradients(pool));
    }

    private static Device cuda(CpuList cpus, int localRank) {
        try {
            return CudaDevice.open(localRank, cpus, "");
        } catch (UnsupportedOperationException missing) {
            throw new UnsupportedOperationException(
                    "no CUDA device: " + missing.getMessage() + "; take device cpu", missing);
        }
    }
}
