package org.ringwood.collectives;

/**
 * Why a group cannot go on.
 *
 * @param rank the culprit in the whole job, −1 if it is no rank
 * @param host its host name, or {@code ?}; who reports to other ranks fills in what it knows
 * @param pid its process id, or 0 if unknown
 * @param cause what kind of failure
 * @param detail one sentence: what it did, or failed to do
 */
public record Failure(int rank, String host, long pid, Cause cause, String detail) {
    /** Kinds of failure. */
    public enum Cause {
        /** The process ended. */
        DIED,
        /** The process exists but was silent for the peer timeout. */
        SILENT,
        /** The process told an error of its own. */
        ERROR,
        /** The environment lacks what the process needs: memory, a port, an interface. */
        ENVIRONMENT,
        /** Ranks disagree about what they do: operation, shape, epoch or configuration. */
        DISAGREEMENT,
        /** No rank made progress for the stall timeout. */
        STALLED,
        /** The job reached its deadline. */
        DEADLINE,
        /** The job was asked to end. */
        CANCELLED
    }

    @Override
    public String toString() {
        return culprit() + detail;
    }

    private String culprit() {
        if (rank < 0) {
            return "";
        }
        return host.equals("?")
                ? "rank " + rank + " "
                : "rank " + rank + " (" + host + (pid > 0 ? ", process " + pid : "") + ") ";
    }
}
