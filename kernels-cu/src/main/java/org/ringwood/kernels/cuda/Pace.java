package org.ringwood.kernels.cuda;

import org.ringwood.kernels.DType;

/**
 * How much a device is asked to do at once. A kernel can't be ended, so a call that may be cancelled is launched in portions of some milliseconds; how
 * fast a device is must be told from its properties alone, so that a call is always cut alike and its result has the same bits.
 */
final class Pace {
    /** Of a launch. */
    private static final double SECONDS = 0.02;
    /** Of the keys that one block reads, where there are so many. */
    private static final double BLOCK_SECONDS = 0.04;

    /** Operations of a multiprocessor in a cycle: about what the kernels reach on an H100. */
    private static final double F32_OPERATIONS = 128;

    private static final double TENSOR_OPERATIONS = 1024;

    private final int multiprocessors;
    private final double hertz;

    Pace(int multiprocessors, int kilohertz) {
        this.multiprocessors = multiprocessors;
        this.hertz = kilohertz * 1e3;
    }

    private double perSecond(DType dtype) {
        return hertz * (dtype == DType.F32 ? F32_OPERATIONS : TENSOR_OPERATIONS);
    }

    private static double ofTile(AttendKernel kernel) {
        BlockShape shape = kernel.shape();
        return 4.0 * shape.queries() * shape.keys() * shape.dim();
    }

    /** Tiles of a launch. */
    long tiles(DType dtype, AttendKernel kernel) {
        return Math.max(1, (long) (SECONDS * multiprocessors * perSecond(dtype) / ofTile(kernel)));
    }

    /** Keys of a launch. */
    long keys(DType dtype, AttendKernel kernel) {
        long tiles = Math.max(1, (long) (BLOCK_SECONDS * perSecond(dtype) / ofTile(kernel)));
        return tiles * kernel.shape().keys();
    }
}
