package org.ringwood.kernels.cuda.driver;

import java.util.Set;

/** A call of the driver that failed. The message names the call and the driver's answer, such as {@code CUDA_ERROR_OUT_OF_MEMORY}. */
public final class DriverException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private static final int OUT_OF_MEMORY = 2;

    /** Results after which a context answers every call with an error. CUDA driver API, "CUresult". */
    private static final Set<Integer> FATAL = Set.of(
            46, // DEVICE_UNAVAILABLE
            101, // INVALID_DEVICE
            214, // ECC_UNCORRECTABLE
            220, // NVLINK_UNCORRECTABLE
            700, // ILLEGAL_ADDRESS
            702, // LAUNCH_TIMEOUT
            709, // CONTEXT_IS_DESTROYED
            710, // ASSERT
            714, // HARDWARE_STACK_ERROR
            715, // ILLEGAL_INSTRUCTION
            716, // MISALIGNED_ADDRESS
            717, // INVALID_ADDRESS_SPACE
            718, // INVALID_PC
            719, // LAUNCH_FAILED
            999); // UNKNOWN

    /** Of these what may also be said of another device or process, where memory is shared: that it can't be reached. */
    private static final Set<Integer> AMBIGUOUS = Set.of(46, 101, 999);

    private final int result;

    DriverException(String call, int result, String name) {
        super(call + " answers " + name);
        this.result = result;
    }

    /** Whether memory was asked for that is not free. */
    public boolean isOutOfMemory() {
        return result == OUT_OF_MEMORY;
    }

    /** Whether what it was asked to share can't be; a context that is lost says so at its next call. */
    public boolean isRefusal() {
        return !isFatal() || AMBIGUOUS.contains(result);
    }

    /** Whether the context is of no use any more, for all of this process. */
    public boolean isFatal() {
        return FATAL.contains(result);
    }
}
