package org.ringwood.kernels.cuda;

import java.util.Optional;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Finds out, once, whether this machine has an NVIDIA driver with a device. JCuda's classes are touched nowhere else. */
public final class CudaProbe {
    private CudaProbe() {}

    /** Why there is no CUDA device, in one sentence; empty if there is one. */
    public static Optional<String> missing() {
        return Holder.MISSING;
    }

    private static final class Holder {
        static final Optional<String> MISSING = probe();
    }

    private static Optional<String> probe() {
        try {
            return askDriver();
        } catch (LinkageError e) {
            // Without the driver's library JCuda's class fails to initialise: UnsatisfiedLinkError, then
            // NoClassDefFoundError.
            return Optional.of("the NVIDIA driver's library libcuda.so.1 can't be loaded");
        }
    }

    private static Optional<String> askDriver() {
        JCudaDriver.setExceptionsEnabled(false);
        int result = JCudaDriver.cuInit(0);
        if (result != CUresult.CUDA_SUCCESS) {
            return Optional.of("the NVIDIA driver can't be initialised: " + CUresult.stringFor(result));
        }
        int[] count = new int[1];
        result = JCudaDriver.cuDeviceGetCount(count);
        if (result != CUresult.CUDA_SUCCESS) {
            return Optional.of("the NVIDIA driver can't count its devices: " + CUresult.stringFor(result));
        }
        return count[0] == 0 ? Optional.of("the NVIDIA driver has no device") : Optional.empty();
    }
}
