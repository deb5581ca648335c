package org.ringwood.kernels.cuda;

import java.util.Optional;
import org.ringwood.kernels.cuda.driver.DriverException;
import org.ringwood.kernels.cuda.driver.Drivers;

/** Finds out whether this machine has an NVIDIA driver with a device. */
public final class CudaProbe {
    private CudaProbe() {}

    /** Why there is no CUDA device, in one sentence; empty if there is one. */
    public static Optional<String> missing() {
        try {
            return Drivers.get().deviceCount() == 0 ? Optional.of("the NVIDIA driver has no device") : Optional.empty();
        } catch (UnsupportedOperationException missing) {
            return Optional.ofNullable(missing.getMessage());
        } catch (DriverException failure) {
            return Optional.of("the NVIDIA driver refuses: " + failure.getMessage());
        }
    }
}
