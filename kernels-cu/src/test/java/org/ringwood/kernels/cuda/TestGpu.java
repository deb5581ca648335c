package org.ringwood.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.pool.CpuList;

/**
 * The GPU that tests run on: the machine's own if it has a driver, else an emulated one. The system property {@code ringwood.test.gpu} says otherwise: {@code
 * emulation}, or {@code none}.
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
        String wanted = System.getProperty(PROPERTY, "any").toLowerCase(Locale.ROOT);
        if (wanted.equals("none")) {
            return new Found(null, null, "-D" + PROPERTY + "=none");
        }
        try {
            Emulation emulation = wanted.equals("emulation") || !hasDriver() ? Emulation.load() : null;
            return new Found(CudaDevice.open(0, CpuList.NONE, ""), emulation, "");
        } catch (UnsupportedOperationException e) {
            return new Found(null, null, "there is no GPU, nor its emulation: " + e.getMessage());
        }
    }

    /** Asks the loader and not JCuda, which would not look a second time. */
    private static boolean hasDriver() {
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
            throw new TestAbortedException(Holder.FOUND.missing());
        }
        return new Kept(Holder.FOUND.device());
    }

    /** The emulation; the test is skipped if the device is a real one, or none. */
    static Emulation emulation() {
        Device device = device();
        return Optional.ofNullable(Holder.FOUND.emulation())
                .orElseThrow(
                        () -> new TestAbortedException("only for an emulated GPU, not for " + device.description()));
    }

    /** Opening a device and loading its kernels takes a while, so that all tests share one. */
    private record Kept(Device device) implements Device {
        @Override
        public AttentionKernels kernels() {
            return device.kernels();
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
