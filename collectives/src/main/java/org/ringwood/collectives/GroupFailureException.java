package org.ringwood.collectives;

/** A group cannot go on. The message names the first cause and what this rank was doing. */
public final class GroupFailureException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Failure failure;

    /** For {@code failure}, seen while doing {@code doing}. */
    public GroupFailureException(Failure failure, String doing) {
        super(failure + "; seen while " + doing);
        this.failure = failure;
    }

    /** The first cause. */
    public Failure failure() {
        return failure;
    }
}
