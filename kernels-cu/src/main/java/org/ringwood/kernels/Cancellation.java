package org.ringwood.kernels;

/** Tells a running kernel to give up. Polled from kernel threads. */
@FunctionalInterface
public interface Cancellation {
    /** Never cancels. */
    Cancellation NEVER = () -> false;

    /** Whether the work is no longer wanted. */
    boolean requested();
}
