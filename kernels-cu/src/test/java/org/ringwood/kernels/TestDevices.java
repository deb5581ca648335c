package org.ringwood.kernels;

import org.ringwood.kernels.cuda.TestGpu;

/** Opens devices for tests that run on every provider. */
final class TestDevices {
    private TestDevices() {}

    /** A device of a kind; without a GPU or its emulation, a test on one is skipped. */
    static Device open(Devices.Kind kind, int threads) {
        return kind == Devices.Kind.CUDA ? TestGpu.device() : Devices.open(kind, threads);
    }
}
