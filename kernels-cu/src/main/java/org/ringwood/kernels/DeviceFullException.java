package org.ringwood.kernels;

/** A device has not so much memory. The message names the device and what was to be done, and says what was asked, what is free, and the remedy. */
public final class DeviceFullException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With that message. */
    public DeviceFullException(String message, Throwable cause) {
        super(message, cause);
    }
}
