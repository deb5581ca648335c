package org.ringwood.kernels;

import org.ringwood.kernels.cuda.TestGpu;

class CudaAccuracyTest implements AccuracyContract {
    @Override
    public Device device() {
        return TestGpu.device();
    }
}
