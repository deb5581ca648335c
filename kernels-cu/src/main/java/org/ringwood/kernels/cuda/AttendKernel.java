package org.ringwood.kernels.cuda;

import org.ringwood.kernels.cuda.driver.Driver;

/**
 * A kernel of attention on a device.
 *
 * @param name its name in its module
 * @param function it
 * @param shape its blocks
 * @param resident blocks that the device holds at a time
 */
record AttendKernel(String name, Driver.Function function, BlockShape shape, int resident) {
    /** The same for plans that share nothing out: each block has all that its rows need. */
    AttendKernel unshared() {
        return new AttendKernel(name, function, shape, 0);
    }
}
