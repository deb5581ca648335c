package org.ringwood.kernels;

import org.ringwood.kernels.cuda.TestGpu;
import org.ringwood.kernels.scalar.GradientAccuracy;

class CudaGradientAccuracyTest implements GradientContract {
    @Override
    public Device device() {
        return TestGpu.device();
    }

    /** Tensor cores take weights of 16 bits. */
    @Override
    public GradientAccuracy judge(GradientCase gradients) {
        return gradients.judgeRounded(device());
    }
}
