package org.ringwood.kernels.cuda;

/** A call that a GPU could not do. The message names the device, the call with its shapes, and the driver's answer. */
public final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CudaException(String message, Throwable cause) {
        super(message, cause);
    }
}
