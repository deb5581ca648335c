package org.ringwood.collectives;

/** Memory for tensors could not be had. The message says what was asked, where, what is free, and the remedy. */
public final class MemoryExhaustedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With that message. */
    public MemoryExhaustedException(String message) {
        super(message);
    }
}
