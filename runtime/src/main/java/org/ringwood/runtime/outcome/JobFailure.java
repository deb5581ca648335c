package org.ringwood.runtime.outcome;

import org.ringwood.collectives.Failure;

/**
 * Why a job cannot go on, and the exit code that this means for every rank.
 *
 * @param failure who did what
 * @param status the exit code of all ranks
 */
public record JobFailure(Failure failure, ExitStatus status) {
    private static final String SEPARATOR = "\t";
    private static final int FIELDS = 6;

    /** A failure with the exit code that its cause suggests. */
    public static JobFailure of(Failure failure) {
        return new JobFailure(failure, ExitStatus.of(failure.cause()));
    }

    /** One sentence for people. Bad input names its own culprit, a file or a key; all else is told with the rank. */
    public String sentence() {
        boolean namesItsCulprit = (status == ExitStatus.BAD_INPUT || status == ExitStatus.VERIFICATION_FAILED)
                && failure.cause() == Failure.Cause.ERROR;
        return namesItsCulprit ? failure.detail() : failure.toString();
    }

    /** As one line of text, the inverse of {@link #decode}. */
    public String encode() {
        return String.join(
                SEPARATOR,
                status.name(),
                failure.cause().name(),
                Integer.toString(failure.rank()),
                failure.host(),
                Long.toString(failure.pid()),
                failure.detail().replaceAll("\\s+", " ").strip());
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws IllegalArgumentException if the text is something else
     */
    public static JobFailure decode(String text) {
        String[] fields = text.split(SEPARATOR, FIELDS);
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException("no failure record: " + text);
        }
        Failure failure = new Failure(
                Integer.parseInt(fields[2]),
                fields[3],
                Long.parseLong(fields[4]),
                Failure.Cause.valueOf(fields[1]),
                fields[5]);
        return new JobFailure(failure, ExitStatus.valueOf(fields[0]));
    }
}
