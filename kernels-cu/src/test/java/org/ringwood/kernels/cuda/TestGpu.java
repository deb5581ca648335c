package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.GradientKernels;

/**
 * The GPU that tests run on: the machine's own if it has a driver, else an emulated one; without either they are skipped. The system property {@code
 * ringwood.test.gpu} names one of {@code machine}, {@code emulation} and {@code none}; then what is named is not skipped if it is missing, but fails.
 */
@SuppressWarnings("restricted")
public final class TestGpu {
    private static final String PROPERTY = "ringwood.test.gpu";

    private TestGpu() {}

    private static final class Holder {
        static final Found FOUND = find();
    }

    /** What there is; without a device, why. */
    private record Found(@Nullable Device device, @Nullable Emulation emulation, String missing) {}

    private static Found find() {
        return switch (System.getProperty(PROPERTY, "any")) {
            case "any" -> findAny();
            case "machine" -> open(null);
            case "emulation" -> open(Emulation.load());
            case "none" -> new Found(null, null, "-D" + PROPERTY + "=none");
            default -> throw new IllegalArgumentException("-D" + PROPERTY + " is machine, emulation or none");
        };
    }

    private static Found findAny() {
        try {
            return open(hasDriver() ? null : Emulation.load());
        } catch (UnsupportedOperationException e) {
            return new Found(null, null, "there is no GPU, nor its emulation: " + e.getMessage());
        }
    }

    private static Found open(@Nullable Emulation emulation) {
        return new Found(CudaDevice.open(Devices.Share.of(1), ""), emulation, "");
    }

    /** Asks the loader and not JCuda, which would not look a second time. */
    static boolean hasDriver() {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup driver = SymbolLookup.libraryLookup("libcuda.so.1", arena);
            return driver.find("cuInit").isPresent();
        } catch (IllegalArgumentException missing) {
            return false;
        }
    }

    /** The device, which stays open whoever closes it; the test is skipped if there is none. */
    public static Device device() {
        if (Holder.FOUND.device() == null) {
            return Assumptions.abort(Holder.FOUND.missing());
        }
        return new Kept(Holder.FOUND.device());
    }

    /** The emulation; the test is skipped if the device is a real one, or none. */
    static Emulation emulation() {
        Device device = device();
        if (Holder.FOUND.emulation() == null) {
            return Assumptions.abort("this is for an emulated GPU, not for " + device.description());
        }
        return Holder.FOUND.emulation();
    }

    /** Opening a device and loading its kernels takes a while, so that all tests share one. */
    private record Kept(Device device) implements Device {
        @Override
        public AttentionKernels kernels() {
            return device.kernels();
        }

        @Override
        public GradientKernels gradients() {
            return device.gradients();
        }

        @Override
        public Optional<DeviceMemory> memory() {
            return device.memory();
        }

        @Override
        public Devices.Kind kind() {
            return device.kind();
        }

        @Override
        public String description() {
            return device.description();
        }

        @Override
        public int threads() {
            return device.threads();
        }

        @Override
        public void close() {}
    }
}
